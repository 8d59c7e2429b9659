// Images are sent once, apart from the road that shows them: the road is sent again with every tick.
export default function ({ data }) {
  window.manabiPathImages = data.images
  window.dispatchEvent(new Event('manabi-path-images'))
}
