const MAX_TRIES = 100, DELAY = 50 // milliseconds: the entries are drawn after this

// The entry that an address names, by its parameter or its anchor.
const named = (address, former) => {
  const id = address.searchParams.get('term') || decodeURIComponent(address.hash.slice(1))
  return former[id] ?? id
}

const show = (id) => {
  const entry = document.getElementById(id)
  if (!entry) return false
  document.querySelectorAll('.manabi-glossary-entry.named').forEach((other) => other.classList.remove('named'))
  entry.classList.add('named')
  entry.scrollIntoView({ block: entry.tagName === 'SECTION' ? 'center' : 'start' })
  return true
}

export default function ({ data, parentElement }) {
  const follow = (event) => {
    const link = event.target.closest?.('.manabi-glossary-entry a, .manabi-glossary-index a, .manabi-glossary-nav a')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    const address = new URL(link.href)
    if (!document.getElementById(named(address, data.former))) return // left out by the search: a new visit
    event.preventDefault()
    history.replaceState(history.state, '', address)
    show(named(address, data.former))
  }
  // The theme's variables reach components only.
  const color = getComputedStyle(parentElement).getPropertyValue('--st-link-color')
  document.documentElement.style.setProperty('--manabi-link-color', color)
  if (!parentElement.shown) {
    parentElement.shown = true
    const wanted = named(new URL(location.href), data.former)
    if (location.hash && wanted !== location.hash.slice(1)) history.replaceState(history.state, '', `#${wanted}`)
    let tries = 0
    const attempt = () => wanted && !show(wanted) && tries++ < MAX_TRIES && setTimeout(attempt, DELAY)
    attempt()
  }
  document.addEventListener('click', follow)
  return () => document.removeEventListener('click', follow)
}
