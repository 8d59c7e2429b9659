const PLAY = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 5v14l11-7z"/></svg>'
const PAUSE = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 5h4v14H6zM14 5h4v14h-4z"/></svg>'
const STEP_TIME = 450 // milliseconds of a single step
const RUN_STEPS = 300 // with which a race opens
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches
const shownPlace = (box, runner) => runner.before.map((v, i) => v + (runner.place[i] - v) * box.share)

const build = (parent) => {
  const box = document.createElement('div')
  box.className = 'manabi-descent'
  box.innerHTML = '<div class="views"><figure class="left"><figcaption></figcaption><canvas tabindex="0" role="img"></canvas><p></p></figure>' +
    '<figure class="right"><figcaption></figcaption><canvas tabindex="0" role="img"></canvas><p></p></figure></div>' +
    '<div class="bar"><button type="button" class="play"></button><button type="button" class="step"></button>' +
    '<button type="button" class="reset"></button><button type="button" class="solve"></button>' +
    '<label class="speed"><span></span><select></select></label><dl class="numbers"></dl></div>' +
    '<div class="rate"><label><span></span><output></output><input type="range" min="-4" max="1" step="0.01"></label><div class="zones"></div><ul class="legend"></ul><p class="verdict" role="status"></p></div>' +
    '<p class="status" role="status"></p><ol class="cards"></ol>'
  parent.appendChild(box)
  box.share = 1
  box.speed = 10
  return box
}

const handlesOf = (box, frame) => {
  const [w, b] = shownPlace(box, box.runners[0])
  return [0.06, 0.94].map((share) => {
    const x = frame.xs[0] + share * (frame.xs[1] - frame.xs[0])
    return [frame.px(x), Math.min(frame.top + frame.h, Math.max(frame.top, frame.py(w * x + b))), x]
  })
}

// What the charts show: all points, the line at the start, the minimum and the start.
const setWindow = (box) => {
  const xs = box.points.map(([x]) => x), [w, b] = box.start, shape = box.shape
  const pad = (low, high, share) => [low - share * (high - low || 1), high + share * (high - low || 1)]
  const x = xs.length ? pad(Math.min(...xs), Math.max(...xs), 0.15) : [0, 6]
  const ys = [...box.points.map(([, y]) => y), ...(xs.length ? [w * Math.min(...xs) + b, w * Math.max(...xs) + b] : [0, 10])]
  const place = shape?.place ?? box.start, dw = w - place[0], db = b - place[1]
  const level = Math.max(1e-6, shape ? shape.mxx * dw * dw + 2 * shape.mx * dw * db + db * db : 1)
  const rw = Math.max(1.35 * Math.abs(dw), 1.7 * Math.sqrt(level / (shape?.mxx ?? 1)), 0.2), rb = Math.max(1.35 * Math.abs(db), 0.8 * Math.sqrt(level), 0.5)
  box.window = { x, y: pad(Math.min(...ys), Math.max(...ys), 0.1), w: [place[0] - rw, place[0] + rw], b: [place[1] - rb, place[1] + rb], level }
}

const restart = (box, { window = true } = {}) => {
  stop(box)
  box.isRun = false
  box.shape = shapeOf(box.points)
  box.runners = box.racers.map((racer) => makeRunner({ ...racer, rate: box.mode === 'lab' ? box.rate : racer.rate }, box.start))
  box.share = 1
  box.firstLoss = box.points.length ? lossOf(box.points, box.start) : 0
  box.firstExcess = box.shape ? box.firstLoss - box.shape.loss : 1
  for (const runner of box.runners) runner.losses.push(box.firstLoss)
  if (window) setWindow(box)
  render(box)
}

// A race opens when it is over, so that the paths can be compared at once.
const runRace = (box) => {
  if (box.mode !== 'race' || !box.shape) return
  for (let step = 0; step < RUN_STEPS && box.runners.some((r) => !r.ended); step++) advance(box)
  box.isRun = true
  render(box)
}

const advance = (box) => {
  for (const runner of box.runners) {
    if (runner.ended) { runner.before = runner.place; continue }
    takeStep(runner, box.points)
    const loss = lossOf(box.points, runner.place), { limits } = box
    runner.losses.push(loss)
    if (!(loss <= limits.diverged * Math.max(1, box.firstLoss))) runner.ended = 'diverged'
    else if (loss - box.shape.loss <= limits.converged * box.firstExcess) runner.ended = 'converged'
    else if (runner.count >= limits.steps) runner.ended = 'steps'
  }
}

const stop = (box) => {
  box.playing = false
  cancelAnimationFrame(box.frame)
  box.share = 1
}
const play = (box) => {
  box.playing = true
  let last = performance.now()
  const tick = (now) => {
    if (!box.isConnected) return stop(box)
    box.share += ((Math.min(100, now - last) / 1000) * box.speed)
    last = now
    while (box.share >= 1 && box.playing) {
      if (box.runners.every((r) => r.ended)) { stop(box); break }
      advance(box)
      box.share = Math.max(0, box.share - 1)
    }
    render(box)
    if (box.playing) box.frame = requestAnimationFrame(tick)
  }
  render(box)
  box.frame = requestAnimationFrame(tick)
}
// Glide to where the runners now are.
const glide = (box) => {
  if (calm()) return render(box)
  const began = performance.now()
  const tick = (now) => {
    box.share = Math.min(1, Math.max(0, (now - began) / STEP_TIME))
    render(box)
    if (box.share < 1 && box.isConnected) box.frame = requestAnimationFrame(tick)
  }
  box.share = 0
  box.frame = requestAnimationFrame(tick)
}
const act = {
  play: (box) => { if (box.playing) { stop(box); render(box) } else if (box.shape) { if (box.isRun || box.runners.every((r) => r.ended)) restart(box); play(box) } },
  step: (box) => { if (box.isRun) restart(box); stop(box); if (!box.shape || box.runners.every((r) => r.ended)) return; advance(box); glide(box) },
  reset: (box) => restart(box),
  solve: (box) => {
    stop(box)
    if (!box.shape) return
    const [runner] = box.runners
    runner.before = runner.place
    runner.place = [...box.shape.place]
    runner.path.push([...runner.place])
    runner.ended = 'solved'
    glide(box)
  },
}

const status = (box) => {
  const { labels } = box, [runner] = box.runners
  if (!box.shape) return labels.two_points
  if (box.mode === 'race' || !runner.ended) return ''
  const values = { step: runner.count, w: digits(runner.place[0]), b: digits(runner.place[1]), rate: digits(box.rate, 3),
    limit: digits(2 / box.shape.high, 3), high: digits(box.shape.high, 3), loss: digits(box.shape.loss) }
  const rose = runner.losses.findIndex((loss, i) => i && loss > runner.losses[i - 1])
  return fill(labels[runner.ended], { ...values, first: Math.max(1, rose) })
}

const render = (box) => {
  if (!box.runners || !box.querySelector('canvas').clientWidth) return
  const { labels } = box, done = !box.shape
  if (box.mode === 'lab') drawLine(box)
  else if (box.shape) drawCurves(box)
  drawSurface(box)
  const button = box.querySelector('.play'), name = box.playing ? 'pause' : 'play'
  if (button.dataset.state !== name + labels[name]) {
    button.dataset.state = name + labels[name]
    button.innerHTML = box.playing ? PAUSE : PLAY
    button.append(labels[name])
  }
  for (const each of ['play', 'step', 'solve']) box.querySelector(`.${each}`).disabled = done
  const shown = box.runners.map((r) => ({ r, place: shownPlace(box, r) }))
  const numbers = box.mode === 'lab'
    ? [[labels.step, shown[0].r.count], ['w', digits(shown[0].place[0])], ['b', digits(shown[0].place[1])],
      [labels.loss, box.points.length ? digits(lossOf(box.points, shown[0].place)) : '–']]
    : shown.map(({ r }) => [r.label, fill(labels.race_loss, { loss: digits(r.losses.at(-1), 3) }), r.color,
      fill(labels[`race_${r.ended || 'at'}`], { step: r.count })])
  const list = box.querySelector('.numbers')
  while (list.children.length > numbers.length) list.lastChild.remove()
  numbers.forEach(([term, value, color, note = ''], i) => {
    if (!list.children[i]) list.insertAdjacentHTML('beforeend', '<div><dt></dt><dd></dd></div>')
    const [dt, dd] = list.children[i].children
    dt.textContent = term
    dt.style.borderLeft = color ? `12px solid ${color}` : ''
    dt.style.paddingLeft = color ? '6px' : ''
    dd.innerHTML = `${escape(value)}${note ? `<small>${escape(note)}</small>` : ''}`
  })
  const sentence = status(box), line = box.querySelector('.status')
  if (line.textContent !== sentence) line.textContent = sentence
  line.className = `status ${box.runners[0].ended}`
  box.dataset.step = box.runners[0].count
  box.dataset.places = JSON.stringify(box.runners.map((r) => r.place))
  if (box.mode === 'lab') renderCards(box)
}

const send = (box) => box.report({ revision: box.revision, points: box.points, start: box.start, rate: box.rate })
const moveTo = (box, place) => {
  stop(box)
  box.start = place
  restart(box, { window: false })
}

const listen = (box) => {
  for (const name of Object.keys(act)) box.querySelector(`.${name}`).onclick = () => act[name](box)
  box.querySelector('select').onchange = (event) => { box.speed = Number(event.target.value) }
  const range = box.querySelector('input')
  range.oninput = () => {
    box.rate = Number((10 ** Number(range.value)).toPrecision(2))
    for (const runner of box.runners) { runner.rate = box.rate; if (runner.ended) restart(box) }
    renderRate(box)
    render(box)
  }
  range.onchange = () => send(box)
  listenToLine(box)
  listenToSurface(box)
  new ResizeObserver(() => render(box)).observe(box.querySelector('canvas'))
}

export default function ({ data, parentElement, setStateValue }) {
  let box = parentElement.querySelector('.manabi-descent')
  const isNew = !box
  if (isNew) box = build(parentElement)
  Object.assign(box, { mode: data.mode, labels: data.labels, limits: data.limits, colors: data.colors, verdict: data.verdict })
  box.report = (value) => setStateValue('edit', value)
  const racers = JSON.stringify(data.racers), changed = box.revision !== data.revision
  if (changed) Object.assign(box, { revision: data.revision, points: data.points, start: data.start, rate: data.rate, selected: -1 })
  else if (box.optimizer !== racers && box.optimizer) box.rate = data.rate
  box.classList.toggle('race', data.mode === 'race')
  for (const side of ['left', 'right']) {
    const figure = box.querySelector(`.${side}`)
    figure.querySelector('figcaption').textContent = data.labels[`${side}_title`]
    figure.querySelector('p').textContent = data.labels[`${side}_hint`]
    figure.querySelector('canvas').setAttribute('aria-label', data.labels[`${side}_alt`])
  }
  for (const name of ['step', 'reset', 'solve']) box.querySelector(`.${name}`).textContent = data.labels[`do_${name}`]
  box.querySelector('.speed span').textContent = data.labels.speed
  const select = box.querySelector('select')
  select.replaceChildren(...[2, 10, 60].map((speed) => new Option(fill(data.labels.per_second, { count: speed }), speed, false, speed === box.speed)))
  if (isNew) listen(box)
  if (changed || box.optimizer !== racers) {
    box.optimizer = racers
    box.racers = data.racers
    restart(box)
    runRace(box)
  }
  renderRate(box)
  renderVerdict(box)
  render(box)
  return () => stop(box)
}
