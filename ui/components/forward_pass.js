const REVEAL = 1500 // milliseconds in which a stage appears
const HOLD = 700 // milliseconds before the next one
const PASSES = 7 // rows in which a window slides over the maps
const SIDE = 640 // canvas pixels that an image fills, about
const LIGHT = '#E69F00' // of the window

const ICONS = {
  restart: 'M20 5v14l-7-7zM13 5v14l-7-7zM3 5h2v14H3z', back: 'M19 5v14l-9-7zM5 5h3v14H5z',
  next: 'M5 5v14l9-7zM16 5h3v14h-3z', play: 'M7 5v14l11-7z', pause: 'M6 5h4v14H6zM14 5h4v14h-4z',
}
const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`

const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches

const build = (parent) => {
  const box = document.createElement('div')
  box.className = 'manabi-forward-pass'
  box.tabIndex = 0
  box.setAttribute('role', 'group')
  box.innerHTML = '<div class="strip"></div>' +
    '<div class="head"><strong></strong><span class="shape"></span></div><p></p>' +
    '<div class="view"><canvas class="from" aria-hidden="true"></canvas><span class="arrow" aria-hidden="true">→</span>' +
    '<canvas class="to" role="img"></canvas><div class="bars" role="img"></div></div>' +
    '<div class="controls"><button type="button" data-do="restart"></button><button type="button" data-do="back"></button>' +
    '<button type="button" data-do="toggle" class="play"></button><button type="button" data-do="next"></button>' +
    '<span class="count"></span></div>'
  for (const name of ['restart', 'back', 'next']) box.querySelector(`[data-do=${name}]`).innerHTML = icon(name)
  parent.appendChild(box)
  return box
}

// Rectangle of the i-th tile, in pixels of the image.
const tileAt = (stage, i) => {
  const [w, h] = stage.tile
  return [(i % stage.columns) * (w + stage.gap), Math.floor(i / stage.columns) * (h + stage.gap), w, h]
}

// Draw the image of a stage as far as `share` (0 to 1) of it has appeared.
const paint = (canvas, stage, image, share, scan) => {
  const scale = Math.max(1, Math.floor(SIDE / image.width))
  canvas.width = image.width * scale
  canvas.height = image.height * scale
  canvas.style.aspectRatio = `${image.width} / ${image.height}`
  const pen = canvas.getContext('2d')
  pen.imageSmoothingEnabled = false
  const copy = (x, y, w, h) => {
    if (w > 0 && h > 0) pen.drawImage(image, x, y, w, h, x * scale, y * scale, w * scale, h * scale)
  }
  for (let i = 0; i < stage.count; i++) {
    const [x, y, w, h] = tileAt(stage, i)
    pen.fillStyle = '#000'
    pen.fillRect(x * scale, y * scale, w * scale, h * scale)
    if (share >= 1) { copy(x, y, w, h); continue }
    const rows = Math.min(h, scan ? PASSES : h)
    const at = share * rows, row = Math.floor(at), high = h / rows
    const top = Math.round(row * high), bottom = Math.round((row + 1) * high)
    copy(x, y, w, top)
    copy(x, y + top, Math.ceil((at - row) * w), bottom - top)
  }
  return { pen, scale }
}

// The window at its place in every map, because a filter reads all of them at once.
const slide = ({ pen, scale }, stage, side, share) => {
  const at = share * PASSES, row = Math.floor(at)
  pen.strokeStyle = LIGHT
  pen.lineWidth = Math.max(2, scale * 0.7)
  for (let i = 0; i < stage.count; i++) {
    const [x, y, w, h] = tileAt(stage, i)
    const size = Math.min(side, w, h)
    const left = x + (at - row) * (w - size), top = y + (row / Math.max(1, PASSES - 1)) * (h - size)
    pen.strokeRect(left * scale, top * scale, size * scale, size * scale)
  }
}

const showBars = (box, stage, share) => {
  const bars = box.querySelector('.bars')
  if (bars.children.length !== stage.bars.length) {
    bars.replaceChildren(...stage.bars.map(() => {
      const column = document.createElement('div')
      column.innerHTML = '<span class="value"></span><span class="track"><span class="fill"></span></span><span class="name"></span>'
      return column
    }))
  }
  const high = Math.max(0, ...stage.bars), low = Math.min(0, ...stage.bars), span = high - low || 1
  stage.bars.forEach((value, i) => {
    const part = Math.min(1, Math.max(0, share * (stage.bars.length + 2) - i) / 2) // one digit after the other
    const fill = bars.children[i].querySelector('.fill'), shown = value * part
    fill.style.bottom = `${(100 * (Math.min(0, shown) - low)) / span}%`
    fill.style.height = `${Math.max(0.8, (100 * Math.abs(shown)) / span)}%`
    bars.children[i].className = i === stage.winner && share >= 1 ? 'winner' : ''
    bars.children[i].querySelector('.value').textContent = part ? stage.texts[i] : ''
    bars.children[i].querySelector('.name').textContent = stage.names[i]
  })
}

const render = (box) => {
  const stage = box.stages[box.index], before = box.stages[box.index - 1], share = box.share
  box.querySelector('.head strong').textContent = stage.title
  box.querySelector('.shape').textContent = stage.shape
  box.querySelector('p').textContent = stage.text
  box.querySelector('.count').textContent = `${box.index + 1} / ${box.stages.length}`
  const from = box.querySelector('.from'), to = box.querySelector('.to'), bars = box.querySelector('.bars')
  const source = before?.image ? before : null
  from.hidden = box.querySelector('.arrow').hidden = !source
  to.hidden = !stage.image
  bars.hidden = !stage.bars
  const shown = stage.image ? to : bars
  shown.setAttribute('aria-label', `${stage.title}, ${stage.shape}. ${stage.text} ${stage.texts.map((t, i) => `${stage.names[i]}: ${t}`).join(', ')}`)
  if (source && box.images[box.index - 1]) {
    const drawn = paint(from, source, box.images[box.index - 1], 1, false)
    if (stage.window && share < 1) slide(drawn, source, stage.window, share)
  }
  if (stage.image && box.images[box.index]) paint(to, stage, box.images[box.index], share, stage.window > 0)
  if (stage.bars) showBars(box, stage, share)
  box.querySelectorAll('.strip button').forEach((button, i) => {
    const lit = i < box.index || (i === box.index && share >= 1), { names, winner } = box.stages[i]
    button.className = lit ? 'lit' : ''
    const digit = button.querySelector('span')
    if (digit) digit.textContent = lit ? names[winner] : '?'
    if (i === box.index) button.setAttribute('aria-current', 'step')
    else button.removeAttribute('aria-current')
  })
  const ended = box.index === box.stages.length - 1 && share >= 1
  const play = box.querySelector('.play')
  const state = box.playing ? 'pause' : 'play'
  if (play.dataset.state !== state + box.labels[state]) {
    play.dataset.state = state + box.labels[state]
    play.innerHTML = icon(state)
    play.append(box.labels[state])
  }
  box.querySelector('[data-do=next]').disabled = ended
  box.querySelector('[data-do=back]').disabled = box.index === 0
}

const stop = (box) => {
  box.playing = false
  cancelAnimationFrame(box.frame)
}

const go = (box, index, share = 1) => {
  box.index = Math.min(box.stages.length - 1, Math.max(0, index))
  box.share = share
  // Within the strip alone: scrollIntoView would move the page as well.
  const strip = box.querySelector('.strip'), button = strip.children[box.index]
  if (button) strip.scrollLeft = button.offsetLeft - (strip.clientWidth - button.clientWidth) / 2
  render(box)
}

const play = (box) => {
  stop(box)
  if (box.index === box.stages.length - 1 && box.share >= 1) go(box, 0, 0)
  box.playing = true
  let start = performance.now() - box.share * REVEAL
  const tick = () => {
    if (!box.isConnected) return
    const passed = performance.now() - start
    if (passed >= REVEAL + HOLD) {
      if (box.index === box.stages.length - 1) {
        stop(box)
        return render(box)
      }
      start = performance.now()
      go(box, box.index + 1, calm() ? 1 : 0)
    } else if (!calm() && box.share < 1) {
      box.share = Math.min(1, passed / REVEAL)
      render(box)
    }
    box.frame = requestAnimationFrame(tick)
  }
  render(box)
  box.frame = requestAnimationFrame(tick)
}

const act = {
  restart: (box) => { stop(box); go(box, 0) },
  back: (box) => { stop(box); go(box, box.index - 1) },
  next: (box) => { stop(box); go(box, box.share < 1 ? box.index : box.index + 1) },
  end: (box) => { stop(box); go(box, box.stages.length - 1) },
  toggle: (box) => {
    if (!box.playing) return play(box)
    stop(box)
    render(box)
  },
}
const KEYS = { ArrowLeft: 'back', ArrowRight: 'next', Home: 'restart', End: 'end', ' ': 'toggle' }

const thumbnails = (box) => {
  box.querySelector('.strip').replaceChildren(...box.stages.map((stage, i) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.title = `${stage.title} · ${stage.shape}`
    button.setAttribute('aria-label', `${i + 1}: ${button.title}`)
    button.onclick = () => { stop(box); go(box, i) }
    if (stage.image) {
      const image = document.createElement('img')
      image.src = stage.image
      image.alt = ''
      button.append(image)
    } else {
      button.append(document.createElement('span'))
    }
    return button
  }))
}

export default function ({ data, parentElement }) {
  const box = parentElement.querySelector('.manabi-forward-pass') ?? build(parentElement)
  box.labels = data.labels
  box.setAttribute('aria-label', data.labels.group)
  for (const name of ['restart', 'back', 'next']) {
    const button = box.querySelector(`[data-do=${name}]`)
    button.title = data.labels[name]
    button.setAttribute('aria-label', data.labels[name])
  }
  for (const button of box.querySelectorAll('.controls button')) button.onclick = () => act[button.dataset.do](box)
  box.onkeydown = (event) => {
    const name = KEYS[event.key]
    if (!name || event.ctrlKey || event.altKey || event.metaKey) return
    if (event.key === ' ' && event.target !== box) return // the button that has the focus
    event.preventDefault()
    act[name](box)
  }
  const content = JSON.stringify(data.stages)
  if (box.content !== content) {
    box.content = content
    box.stages = data.stages
    box.images = box.stages.map(() => null)
    box.stages.forEach((stage, i) => {
      if (!stage.image) return
      const image = new Image()
      image.onload = () => {
        if (box.content !== content) return
        box.images[i] = image
        if (i === box.index || i === box.index - 1) render(box)
      }
      image.src = stage.image
    })
    thumbnails(box)
    go(box, box.index ?? 0, box.share ?? 0)
  }
  if (box.plays !== data.plays) {
    box.plays = data.plays
    go(box, 0, calm() ? 1 : 0)
    if (!calm()) play(box)
  }
  render(box)
  return () => stop(box)
}
