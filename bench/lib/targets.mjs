import { summarise } from './statistics.mjs'

const ENGINE = 'engine'

// On one core nothing has a target of its own but this one.
const NEVER_SLOWER = { more: { atLeast: 1, of: 'reference' }, less: { atMost: 1, of: 'reference' } }

/**
 * What came out for one row of a workload: `sides`, a summary for each that was measured; `ratios`,
 * of the engine's median to the other sides' medians; and `must` and `aim`, each
 * `{ ...target, value, met }` or null where the row has no such target. What has no figure is missed.
 *
 * A target is `{ atMost }` or `{ atLeast }`, `of` another side's median, or of nothing: then it is
 * about the figure itself. With `always`, the worst round counts instead of the median.
 *
 * @param row of a workload: `{ figure, better, must, aim }`
 * @param samples of each side: a list of figures, one object a round
 */
export function evaluate(row, samples, { oneCore = false } = {}) {
  const sides = {}
  for (const [side, rounds] of Object.entries(samples)) {
    const list = rounds.map((figures) => figures[row.figure]).filter((n) => n !== undefined)
    if (list.length > 0) sides[side] = summarise(list)
  }

  return judged(row, sides, { oneCore })
}

/** The same of summaries. */
export function judged(row, sides, { oneCore = false } = {}) {
  const ratios = {}
  for (const side of Object.keys(sides)) {
    if (side !== ENGINE && sides[ENGINE])
      ratios[side] = ratio(sides[ENGINE].median, sides[side].median)
  }

  const { must, aim } = targetsOf(row, oneCore)
  return { sides, ratios, must: judge(must, sides, ratios), aim: judge(aim, sides, ratios) }
}

/** What comes out for a row whose workload failed: nothing is met. */
export function failed(row, err, { oneCore = false } = {}) {
  const { must, aim } = targetsOf(row, oneCore)
  const missed = (target) => (target ? { ...target, met: false } : null)
  return { error: err.message, sides: {}, ratios: {}, must: missed(must), aim: missed(aim) }
}

function targetsOf({ better, must, aim }, oneCore) {
  return oneCore ? { must: NEVER_SLOWER[better], aim: null } : { must, aim }
}

function judge(target, sides, ratios) {
  if (!target) return null
  const value = valueOf(target, sides, ratios)
  if (value === undefined) return { ...target, met: false }
  const met = target.atLeast === undefined ? value <= target.atMost : value >= target.atLeast
  return { ...target, value, met }
}

function valueOf({ of, always, atLeast }, sides, ratios) {
  if (!sides[ENGINE]) return undefined
  if (of) return ratios[of]
  if (!always) return sides[ENGINE].median
  return atLeast === undefined ? sides[ENGINE].most : sides[ENGINE].least
}

function ratio(a, b) {
  return a === b ? 1 : a / b
}
