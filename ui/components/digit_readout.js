export default function ({ data, parentElement }) {
  let box = parentElement.querySelector('.manabi-digit-readout')
  if (!box) {
    box = document.createElement('div')
    box.innerHTML = '<div class="head"><output class="digit" aria-live="polite"></output><span class="confidence"></span></div>' +
      '<div class="note"></div><div class="bars" role="img"></div>'
    parentElement.appendChild(box)
  }
  box.className = `manabi-digit-readout ${data.look}${data.doubtful ? ' doubtful' : ''}`
  const digit = box.querySelector('.digit'), confidence = box.querySelector('.confidence')
  if (digit.textContent !== data.digit) digit.textContent = data.digit // announced only when it changes
  digit.setAttribute('aria-label', `${data.labels.digit}: ${data.digit}`)
  confidence.textContent = data.confidence
  confidence.title = data.labels.confidence
  box.querySelector('.note').textContent = data.note
  const bars = box.querySelector('.bars')
  bars.setAttribute('aria-label', data.labels.bars)
  while (bars.children.length > data.bars.length) bars.lastChild.remove()
  data.bars.forEach((bar, index) => {
    let column = bars.children[index]
    if (!column) {
      column = document.createElement('div')
      column.innerHTML = '<span class="value"></span><span class="track"><span class="fill"></span></span><span class="name"></span>'
      bars.appendChild(column)
    }
    column.className = index === data.top ? 'top' : ''
    column.title = `${bar.name}: ${bar.text}`
    column.querySelector('.value').textContent = index === data.top || bar.share >= 0.05 ? bar.text : ''
    column.querySelector('.fill').style.height = `${Math.max(1.5, 100 * bar.share)}%`
    column.querySelector('.name').textContent = bar.name
  })
}
