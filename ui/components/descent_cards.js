const ROWS = 5 // points whose numbers are shown
const LONGEST = 32 // characters of a sum that fits into one line of a phone
const escape = (text) => String(text).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c])
const short = (value) => (value < 0 ? `(${digits(value, 3)})` : digits(value, 3))

// The four computations of the next step with the numbers of the line shown.
const renderCards = (box) => {
  const list = box.querySelector('.cards'), { points, labels } = box, [runner] = box.runners
  if (!points.length) return list.replaceChildren()
  const place = runner.place.every(Number.isFinite) ? runner.place : runner.before
  const key = JSON.stringify([place, points, runner.rate, runner.optimizer, runner.count, labels.cards])
  if (box.cardsKey === key) return
  box.cardsKey = key
  const [w, b] = place, errors = errorsOf(points, place), n = points.length, more = n > ROWS
  const head = points.slice(0, ROWS)
  const rows = head.map(([x, y], i) => `<tr><td>${digits(w, 3)} × ${short(x)} + ${short(b)}</td><td>= ${digits(w * x + b, 3)}</td>` +
    `<td>${digits(y, 3)}</td><td class="error">${digits(errors[i], 3)}</td></tr>`).join('')
  // One line: a long sum shows its first terms and the last one.
  const sum = (parts) => {
    const all = parts.join(' + '), last = parts.at(-1)
    if (!more && all.length <= LONGEST) return all
    const start = [...parts.slice(0, -1)]
    while (start.length > 1 && `${start.join(' + ')} + … + ${last}`.length > LONGEST) start.pop()
    return `${start.join(' + ')} + … + ${last}`
  }
  const next = nextOf(runner, points), [gw, gb] = next.gradient, rate = digits(runner.rate, 3)
  const symbol = (name) => `∂L/∂${name}`
  const rules = {
    sgd: (name, g) => [`${name} ← ${name} − η ${symbol(name)}`, `${rate} × ${short(g)}`],
    momentum: (name, g, i) => [`v ← β v + ${symbol(name)}<br>${name} ← ${name} − η v`, `${rate} × ${short(next.mean[i])}`],
    rmsprop: (name, g, i) => [`${name} ← ${name} − η ${symbol(name)} / √s`, `${rate} × ${short(g)} / ${digits(Math.sqrt(next.square[i]), 3)}`],
    adam: (name, g, i) => [`${name} ← ${name} − η m̂ / √v̂`,
      `${rate} × ${short(next.mean[i] / (1 - MOMENTUM ** (runner.count + 1)))} / ${digits(Math.sqrt(next.square[i] / (1 - SQUARES ** (runner.count + 1))), 3)}`],
  }
  const update = ['w', 'b'].map((name, i) => {
    const [rule, change] = rules[runner.optimizer](name, next.gradient[i], i)
    return `<p class="rule">${rule}</p><p>= <nobr>${short(place[i])} − ${change}</nobr><br>= <b>${digits(next.place[i])}</b></p>`
  }).join('')
  const cards = [
    `<p class="rule">ŷ = w x + b</p><table><thead><tr><th>w × x + b</th><th>ŷ</th><th>y</th><th>ŷ − y</th></tr></thead><tbody>${rows}</tbody></table>` +
      (more ? `<p>${escape(fill(labels.more_points, { count: n - ROWS }))}</p>` : ''),
    `<p class="rule">L = <span class="frac"><i>1</i><i>n</i></span> Σ (ŷ − y)²</p>` +
      `<p><nobr>= <span class="frac"><i>1</i><i>${n}</i></span> (${sum(errors.map((e) => `${short(e)}²`))})</nobr><br>= <b>${digits(lossOf(points, place))}</b></p>`,
    `<p class="rule">∂L/∂w = <span class="frac"><i>2</i><i>n</i></span> Σ (ŷ − y) x</p>` +
      `<p><nobr>= <span class="frac"><i>2</i><i>${n}</i></span> (${sum(points.map(([x], i) => `${short(errors[i])}·${short(x)}`))})</nobr><br>= <b>${digits(gw)}</b></p>` +
      `<p class="rule">∂L/∂b = <span class="frac"><i>2</i><i>n</i></span> Σ (ŷ − y)</p>` +
      `<p><nobr>= <span class="frac"><i>2</i><i>${n}</i></span> (${sum(errors.map(short))})</nobr><br>= <b>${digits(gb)}</b></p>`,
    update,
  ]
  list.innerHTML = cards.map((body, i) => `<li><h2>${i + 1}. ${escape(labels.cards[i])}</h2>${body}</li>`).join('')
}

// What the server says of the learning rate: `**` around the words that stand out.
const renderVerdict = (box) => {
  const line = box.querySelector('.verdict'), { verdict } = box
  line.hidden = !verdict
  if (!verdict) return
  line.className = `verdict ${verdict.name}`
  line.innerHTML = escape(verdict.text).replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
}

// The slider of the learning rate over its zones: too small, right, jumping, exploding.
const renderRate = (box) => {
  const row = box.querySelector('.rate'), range = row.querySelector('input'), zones = row.querySelector('.zones')
  row.hidden = box.mode !== 'lab'
  if (row.hidden) return
  row.querySelector('label span').textContent = box.labels.rate
  row.querySelector('output').textContent = digits(box.rate, 3)
  if (document.activeElement !== range) range.value = Math.log10(box.rate)
  range.setAttribute('aria-valuetext', digits(box.rate, 3))
  const { optimizer, momentum } = box.racers[0]
  const bounded = box.shape && (optimizer === 'sgd' || optimizer === 'momentum')
  const legend = row.querySelector('.legend')
  if (!bounded) return [zones, legend].forEach((list) => list.replaceChildren())
  const gain = optimizer === 'momentum' ? 1 + momentum : 1
  const at = (rate) => Math.min(100, Math.max(0, ((Math.log10(rate) + 4) / 5) * 100))
  const best = 2 / (box.shape.low + box.shape.high), limit = (2 * gain) / box.shape.high
  const names = ['small', 'right', 'oscillates', 'large']
  const rates = [0.2 * best * (optimizer === 'momentum' ? 1 - momentum : 1), limit / 2, limit], edges = [0, ...rates.map(at), 100]
  zones.replaceChildren(...names.map((name, i) => {
    const zone = document.createElement('span')
    zone.className = `${name} zone`
    zone.style.width = `${Math.max(0, edges[i + 1] - edges[i])}%`
    return zone
  }))
  const now = rates.filter((rate) => box.rate >= rate).length
  legend.innerHTML = names.map((name, i) => {
    const range = i === 3 ? `≥ ${digits(rates[2], 2)}` : `< ${digits(rates[i], 2)}`
    return `<li${i === now ? ' class="now"' : ''}><i class="${name} zone"></i>${escape(box.labels.zones[name])} ${escape(range)}</li>`
  }).join('')
}
