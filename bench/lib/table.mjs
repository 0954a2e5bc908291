import { digits } from './statistics.mjs'
import { table as markdown } from '../../scripts/markdown.js'

const HEAD = ['workload', 'reference', 'this engine', 'floor', 'ratio', 'must', 'aim']

/** The results as a Markdown table. */
export function table(results) {
  const rows = results.map((result) => {
    const side = (name) => (result.sides[name] ? spread(result.sides[name], result.unit) : '')
    return [
      result.title,
      ...['reference', 'engine', 'floor'].map(side),
      result.error ? `failed: ${result.error}` : ratios(result.ratios),
      target(result.must),
      target(result.aim)
    ]
  })
  return markdown(HEAD, rows)
}

/** A summary in a cell. */
export function spread({ median, least, most }, unit) {
  const figure = unit.startsWith('/') ? `${digits(median)}${unit}` : `${digits(median)} ${unit}`
  return `${figure.trim()} (${digits(least)}–${digits(most)})`
}

function ratios(of) {
  return Object.entries(of)
    .map(([side, ratio]) => `${digits(ratio)} × ${side}`)
    .join('<br>')
}

function target(judged) {
  if (!judged) return ''
  const { atMost, atLeast, of, met } = judged
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`
  return `${bound}${of ? ` × ${of}` : ''}: ${met ? 'met' : '**missed**'}`
}
