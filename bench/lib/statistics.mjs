import { median } from '../../scripts/median.js'

/** `{ median, least, most }` of the rounds of one side. */
export function summarise(list) {
  return { median: median(list), least: Math.min(...list), most: Math.max(...list) }
}

/** Three significant digits, without an exponent. */
export function digits(n) {
  if (n === 0 || !Number.isFinite(n)) return String(n)
  const size = Math.abs(Number(n.toPrecision(3)))
  const places = Math.max(0, 2 - Math.floor(Math.log10(size)))
  return n.toFixed(Math.min(places, 5))
}
