// The range input is the accessible slider: it takes the keyboard, and its value moves the edge. Pointers are handled here, because
// a range input on a touch screen moves only if its thumb is hit.
const SWEEP_MS = 700

function show(box, percent) {
  box.querySelector('img.before').style.clipPath = `inset(0 ${100 - percent}% 0 0)`
  box.querySelector('.edge').style.left = `${percent}%`
}

function describe(box) {
  const slider = box.querySelector('input')
  const percent = Math.round(slider.value)
  slider.setAttribute('aria-valuetext', `${percent}% ${box.labels.before}, ${100 - percent}% ${box.labels.after}`)
}

function settle(box) {
  cancelAnimationFrame(box.frame)
  show(box, Number(box.querySelector('input').value))
  describe(box)
}

// A new photo is uncovered from the right, so that one sees that there are two images.
function sweep(box) {
  const end = Number(box.querySelector('input').value)
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return settle(box)
  cancelAnimationFrame(box.frame)
  const start = performance.now()
  const step = (now) => {
    const t = Math.min(1, Math.max(0, (now - start) / SWEEP_MS))
    show(box, end + (100 - end) * (1 - t) ** 3)
    if (t < 1) box.frame = requestAnimationFrame(step)
  }
  box.frame = requestAnimationFrame(step)
}

function build(parentElement) {
  const stage = document.createElement('div')
  stage.className = 'manabi-stage'
  stage.innerHTML = '<div class="manabi-before-after"><img class="after" draggable="false"><img class="before" draggable="false">' +
    '<div class="edge"></div><span class="before"></span><span class="after"></span>' +
    '<input type="range" min="0" max="100" value="50" step="0.5"></div>'
  parentElement.appendChild(stage)
  const box = stage.firstChild
  const slider = box.querySelector('input')
  slider.oninput = () => settle(box)
  const move = (event) => {
    const bounds = box.getBoundingClientRect()
    slider.value = (100 * (event.clientX - bounds.left)) / bounds.width
    settle(box)
  }
  box.onpointerdown = (event) => {
    if (event.button > 0) return
    box.setPointerCapture(event.pointerId)
    slider.focus({ preventScroll: true })
    move(event)
  }
  box.onmousedown = (event) => event.preventDefault() // or the click would take the focus from the slider
  box.onpointermove = (event) => {
    if (box.hasPointerCapture(event.pointerId)) move(event)
  }
  show(box, 50)
  return box
}

export default function ({ data, parentElement }) {
  const box = parentElement.querySelector('.manabi-before-after') || build(parentElement)
  box.labels = data.labels
  box.style.setProperty('--shape', data.shape)
  const isNew = box.querySelector('img.before').src !== data.before
  for (const name of ['before', 'after']) {
    const image = box.querySelector(`img.${name}`)
    if (image.src !== data[name]) image.src = data[name]
    image.alt = data.labels[name]
    box.querySelector(`span.${name}`).textContent = data.labels[name]
  }
  box.querySelector('input').setAttribute('aria-label', data.labels.handle)
  describe(box)
  if (isNew) sweep(box)
}
