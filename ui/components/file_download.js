const saved = new Set()

export default function ({ data, setTriggerValue }) {
  if (saved.has(data.token)) {
    setTriggerValue('saved', data.token) // the first report may have been lost in a rerun
    return
  }
  saved.add(data.token)
  const url = URL.createObjectURL(new Blob([data.content], { type: data.mime }))
  const link = document.createElement('a')
  link.href = url
  link.download = data.name
  document.body.appendChild(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), 60000)
  setTriggerValue('saved', data.token)
}
