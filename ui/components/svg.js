const SVG_NAMESPACE = 'http://www.w3.org/2000/svg'
const makeSvg = (name, attributes, parent) => {
  const element = document.createElementNS(SVG_NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  parent?.appendChild(element)
  return element
}

