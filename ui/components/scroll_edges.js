// Say in classes at which edges a scroller goes on, so that these can fade and show their buttons.
const markEdges = (scroller) => {
  scroller.classList.toggle('more-left', scroller.scrollLeft > 2)
  scroller.classList.toggle('more-right', scroller.scrollLeft < scroller.scrollWidth - scroller.clientWidth - 2)
}

// Buttons over the edges of a scroller, for those who do not see that it scrolls: nothing else shows it on a phone.
const addScrollButtons = (scroller) => [-1, 1].map((direction) => {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = direction < 0 ? 'scroll-button left' : 'scroll-button right'
  button.textContent = direction < 0 ? '‹' : '›'
  button.onclick = () => scroller.scrollBy({ left: direction * 0.75 * scroller.clientWidth, behavior: 'smooth' })
  scroller.after(button)
  return button
})
