export default function ({ data }) {
  const anchor = data.anchors[location.hash.slice(1)]
  if (!anchor) return
  history.replaceState(history.state, '', `#${anchor}`)
  requestAnimationFrame(() => document.getElementById(anchor)?.scrollIntoView())
}
