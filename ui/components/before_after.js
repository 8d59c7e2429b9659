export default function ({ data, parentElement }) {
  let box = parentElement.querySelector('.manabi-before-after')
  if (!box) {
    box = document.createElement('div')
    box.className = 'manabi-before-after'
    box.innerHTML = '<img class="after"><img class="before"><div class="edge"></div><span class="before"></span>' +
      '<span class="after"></span><input type="range" min="0" max="100" value="50" step="0.5">'
    parentElement.appendChild(box)
    const slider = box.querySelector('input')
    slider.oninput = () => {
      box.querySelector('img.before').style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`
      box.querySelector('.edge').style.left = `${slider.value}%`
    }
    slider.oninput()
  }
  box.style.width = `min(100%, ${Math.max(8, 80 * data.shape)}vh)` // a tall image fits the screen
  for (const name of ['before', 'after']) {
    const image = box.querySelector(`img.${name}`)
    if (image.src !== data[name]) image.src = data[name]
    image.alt = data.labels[name]
    box.querySelector(`span.${name}`).textContent = data.labels[name]
  }
  box.querySelector('input').setAttribute('aria-label', data.labels.handle)
}
