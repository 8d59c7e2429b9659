let handled = ''

export default function ({ data }) {
  if (handled === data.event) return
  handled = data.event
  // After the charts below have been laid out.
  requestAnimationFrame(() =>
    document.querySelector(`.st-key-${data.target}`)?.scrollIntoView({ behavior: 'smooth', block: 'start' }),
  )
}
