// Say in classes at which edges a scroller goes on, so that these can fade.
const markEdges = (scroller) => {
  scroller.classList.toggle('more-left', scroller.scrollLeft > 2)
  scroller.classList.toggle('more-right', scroller.scrollLeft < scroller.scrollWidth - scroller.clientWidth - 2)
}
