const YEAR = 365 * 24 * 60 * 60 // seconds
const PHONE = '(max-width: 640px)'
const SHAPES = {
  // inside a circle of radius 15 around 0, 0
  done: '<circle r="15"/><path class="mark" d="M-6.5 0.5L-2 5.5L7 -5"/>',
  next: '<path d="M0 -16.5L16.5 0L0 16.5L-16.5 0Z"/><path class="mark fill" d="M-3.5 -6L6 0L-3.5 6Z"/>',
  later: '<circle r="12"/>',
  missing: '<rect x="-10.5" y="-10.5" width="21" height="21" rx="3"/>',
}

const make = (tag, className = '', text = '') => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text) element.textContent = text
  return element
}

function showImages(road) {
  const images = window.manabiPathImages
  if (!images) return
  road.querySelectorAll('img[data-stop]').forEach((image) => {
    const source = images[image.dataset.stop]
    if (source && image.src !== source) image.src = source
  })
}

function buildStop(road, stop) {
  const item = make('li', 'stop')
  item.id = `path-${stop.id}`
  const sign = make('div', 'sign')
  sign.innerHTML = '<svg viewBox="-18 -18 36 36" aria-hidden="true"></svg><span class="word"></span>'
  const card = make('div', 'card')
  const heading = make('h3')
  const head = make('button', 'head')
  head.type = 'button'
  const thumb = make('img')
  thumb.alt = ''
  thumb.dataset.stop = stop.id
  head.append(thumb, make('span', 'title', stop.title), make('span', 'hidden-word'))
  heading.append(head)
  const body = make('div', 'body')
  body.hidden = true
  head.setAttribute('aria-expanded', 'false')
  head.onclick = () => {
    if (!body.childElementCount) fillBody(road, stop, body)
    body.hidden = !body.hidden
    item.classList.toggle('open', !body.hidden)
    head.setAttribute('aria-expanded', String(!body.hidden))
    showImages(road)
    road.update()
  }
  card.append(heading, body)
  item.append(sign, card)
  return item
}

function fillBody(road, stop, body) {
  const image = make('img')
  image.alt = stop.alt
  image.dataset.stop = stop.id
  const side = make('div', 'side')
  side.append(make('p', 'text', stop.text))
  const actions = make('div', 'actions')
  if (stop.href) {
    const open = make('a', 'try', road.labels.try)
    open.href = stop.href
    open.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return // a new tab or window
      event.preventDefault()
      road.open(stop.id)
    }
    const tick = make('button', 'tick')
    tick.type = 'button'
    tick.onclick = () => road.toggle(stop.id)
    actions.append(open, tick)
  } else {
    actions.append(make('span', 'absent', road.labels.absent))
  }
  side.append(actions)
  if (stop.after.length) {
    const line = make('p', 'links', `${road.labels.after} `)
    stop.after.forEach(([id, title]) => {
      const link = make('a', '', title)
      link.href = `#path-${id}`
      link.onclick = (event) => {
        event.preventDefault()
        road.goTo(id)
      }
      line.append(link, ' ')
    })
    side.append(line)
  }
  if (stop.terms.length) {
    const line = make('p', 'links', `${road.labels.terms} `)
    stop.terms.forEach(([href, name]) => {
      const link = make('a', '', name)
      link.href = href
      link.target = '_blank' // what is open here stays open
      link.rel = 'noopener'
      line.append(link, ' ')
    })
    side.append(line)
  }
  body.append(image, side)
}

function build(road, data) {
  const opened = new Set([...road.querySelectorAll('.stop.open')].map((item) => item.id))
  road.replaceChildren()
  data.sections.forEach((section) => {
    const part = make('section')
    part.dataset.section = section.id
    const heading = make('h2')
    const fold = make('button', 'fold')
    fold.type = 'button'
    fold.append(make('span', 'chevron'), make('span', 'name', section.title))
    fold.firstChild.setAttribute('aria-hidden', 'true')
    if (section.stars) {
      const stars = make('span', 'stars', section.stars)
      stars.setAttribute('role', 'img')
      stars.setAttribute('aria-label', section.stars_label)
      stars.title = section.stars_label
      fold.append(stars)
    }
    fold.append(make('span', 'dots'), make('span', 'count'))
    heading.append(fold)
    const list = make('ol')
    section.stops.forEach((stop) => list.append(buildStop(road, stop)))
    fold.onclick = () => road.fold(part, !list.hidden)
    part.append(heading, list)
    road.append(part)
  })
  opened.forEach((id) => road.querySelector(`[id="${id}"] .head`)?.click())
}

function prepare(road) {
  road.done = new Set()
  const listen = () => {
    if (road.isConnected) showImages(road)
    else window.removeEventListener('manabi-path-images', listen)
  }
  window.addEventListener('manabi-path-images', listen)
  road.fold = (part, folded) => {
    part.querySelector('ol').hidden = folded
    part.classList.toggle('folded', folded)
    part.querySelector('.fold').setAttribute('aria-expanded', String(!folded))
  }
  road.goTo = (id) => {
    const item = road.querySelector(`[id="path-${id}"]`)
    if (!item) return
    road.fold(item.closest('section'), false)
    if (!item.classList.contains('open')) item.querySelector('.head').click()
    item.querySelector('.head').focus({ preventScroll: true })
    item.scrollIntoView({ block: 'center', behavior: 'smooth' })
  }
  road.toggle = (id) => {
    if (road.done.has(id)) road.done.delete(id)
    else road.done.add(id)
    road.update()
    road.report({ revision: road.revision, done: [...road.done] })
  }
  road.update = () => {
    const stops = road.sections.flatMap((section) => section.stops)
    const next = stops.find((stop) => stop.href && !road.done.has(stop.id))?.id
    const stateOf = (stop) =>
      !stop.href ? 'missing' : road.done.has(stop.id) ? 'done' : stop.id === next ? 'next' : 'later'
    road.sections.forEach((section) => {
      const part = road.querySelector(`section[data-section="${section.id}"]`)
      const states = section.stops.map(stateOf)
      part.querySelector('.dots').innerHTML = states.map((state) => `<i class="${state}"></i>`).join('')
      const here = states.filter((state) => state !== 'missing').length
      const finished = states.filter((state) => state === 'done').length
      part.querySelector('.count').textContent = here ? `${finished} / ${here}` : road.labels.missing
      section.stops.forEach((stop, index) => {
        const item = part.querySelector(`[id="path-${stop.id}"]`)
        item.dataset.state = states[index]
        const svg = item.querySelector('.sign svg')
        if (svg.dataset.state !== states[index]) {
          svg.innerHTML = SHAPES[states[index]]
          svg.dataset.state = states[index]
        }
        item.querySelector('.word').textContent = road.labels[states[index]]
        item.querySelector('.hidden-word').textContent = `, ${road.labels[states[index]]}`
        const tick = item.querySelector('.tick')
        if (tick) {
          tick.textContent = road.done.has(stop.id) ? road.labels.unmark : road.labels.mark
          tick.setAttribute('aria-pressed', String(road.done.has(stop.id)))
        }
      })
    })
  }
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let road = parentElement.querySelector('.manabi-road')
  if (!road) {
    road = make('div', 'manabi-road')
    parentElement.appendChild(road)
    prepare(road)
  }
  road.report = (edit) => setStateValue('edit', edit)
  road.open = (id) => setTriggerValue('opened', id)
  road.sections = data.sections
  road.labels = data.labels
  if (road.revision !== data.revision) {
    road.revision = data.revision
    road.done = new Set(data.done)
  }
  const content = JSON.stringify([data.sections, data.labels])
  const isNew = road.content !== content
  if (isNew) {
    road.content = content
    build(road, data)
  }
  road.update()
  if (isNew) {
    const narrow = window.matchMedia(PHONE).matches
    road.querySelectorAll('section').forEach((part) => {
      const holdsNext = part.querySelector('[data-state="next"]') || part.querySelector('.stop.open')
      road.fold(part, narrow && data.sections.length > 1 && !holdsNext)
    })
  }
  showImages(road)
  if (data.remembered !== null && data.remembered !== road.remembered) {
    road.remembered = data.remembered
    const age = data.remembered ? YEAR : 0
    document.cookie = `${data.cookie}=${data.remembered}; path=/; max-age=${age}; samesite=lax`
  }
}
