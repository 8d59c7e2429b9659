// The mathematics of core/lessons/gradient_descent.py, for every frame; a browser test compares the two.
const MOMENTUM = 0.9, SQUARES = 0.999, DECAY = 0.99, EPSILON = 1e-8

const errorsOf = (points, [w, b]) => points.map(([x, y]) => w * x + b - y)
const average = (values) => values.reduce((a, v) => a + v, 0) / values.length
const lossOf = (points, place) => average(errorsOf(points, place).map((e) => e * e))
const gradientOf = (points, place) => {
  const errors = errorsOf(points, place)
  return [2 * average(errors.map((e, i) => e * points[i][0])), 2 * average(errors)]
}

// Lowest point, eigenvalues of the Hessian and its parts; null if there are no two different x.
const shapeOf = (points) => {
  if (points.length < 2 || points.every(([x]) => x === points[0][0])) return null
  const mx = average(points.map(([x]) => x)), my = average(points.map(([, y]) => y))
  const xx = average(points.map(([x]) => (x - mx) ** 2)), xy = average(points.map(([x, y]) => (x - mx) * (y - my)))
  const w = xy / xx, place = [w, my - w * mx], mxx = xx + mx * mx
  const root = Math.sqrt((mxx - 1) ** 2 / 4 + mx * mx), high = mxx + 1 + 2 * root
  return { place, loss: lossOf(points, place), mx, mxx, high, low: (4 * xx) / high }
}

const makeRunner = (racer, place) => ({
  ...racer, place: [...place], before: [...place], path: [[...place]], losses: [], mean: [0, 0], square: [0, 0], count: 0, ended: '',
})

const stepSize = (runner, g, i) => {
  const { optimizer, rate, momentum } = runner
  if (optimizer === 'sgd') return rate * g
  if (optimizer === 'momentum') {
    runner.mean[i] = momentum * runner.mean[i] + g
    return rate * runner.mean[i]
  }
  if (optimizer === 'rmsprop') {
    runner.square[i] = DECAY * runner.square[i] + (1 - DECAY) * g * g
    return (rate * g) / (Math.sqrt(runner.square[i]) + EPSILON)
  }
  runner.mean[i] = MOMENTUM * runner.mean[i] + (1 - MOMENTUM) * g
  runner.square[i] = SQUARES * runner.square[i] + (1 - SQUARES) * g * g
  const mean = runner.mean[i] / (1 - MOMENTUM ** runner.count), square = runner.square[i] / (1 - SQUARES ** runner.count)
  return (rate * mean) / (Math.sqrt(square) + EPSILON)
}

const takeStep = (runner, points) => {
  const gradient = gradientOf(points, runner.place)
  runner.count += 1
  runner.before = runner.place
  runner.place = runner.place.map((p, i) => p - stepSize(runner, gradient[i], i))
  runner.path.push([...runner.place])
  return gradient
}

// The runner after its next step, without taking it.
const nextOf = (runner, points) => {
  const copy = { ...runner, path: [], mean: [...runner.mean], square: [...runner.square] }
  const gradient = takeStep(copy, points)
  return { place: copy.place, gradient, mean: copy.mean, square: copy.square }
}

const niceTicks = (low, high, most) => {
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw))
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw)
  const ticks = []
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(k * step)
  return ticks
}
const digits = (value, count = 4) => {
  if (!Number.isFinite(value)) return '∞'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(1).replace('-', '−').replace('e+', 'e')
  return String(Number(value.toPrecision(count))).replace('-', '−')
}
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all)
