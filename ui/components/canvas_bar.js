const bare = new CSSStyleSheet()
bare.replaceSync('.dc-toolbar { display: none !important }')

// The canvas lives in a shadow root, which no style of the page reaches, and Clear brings a new one.
export default function ({ data }) {
  let frame = 0
  const strip = () => {
    frame = 0
    for (const host of document.querySelectorAll(`.st-key-${data.field} [data-testid=stBidiComponentIsolated]`)) {
      const root = host.shadowRoot
      if (!root) schedule() // attached after the next paint, which no observer reports
      else if (!root.adoptedStyleSheets.includes(bare)) root.adoptedStyleSheets.push(bare)
    }
  }
  const schedule = () => (frame ||= requestAnimationFrame(strip))
  const observer = new MutationObserver(schedule)
  observer.observe(document.body, { childList: true, subtree: true })
  strip()
  return () => {
    observer.disconnect()
    cancelAnimationFrame(frame)
  }
}
