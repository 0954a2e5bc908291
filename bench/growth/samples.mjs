import { BOTH } from '../lib/sides.mjs'
import { summarise } from '../lib/statistics.mjs'

/**
 * Measures sizes of both sides, round after round; who comes first in one round comes last in the
 * next. What fails is said, and the rest goes on.
 *
 * @param {(side: string) => number[]} sizesOf what is measured of a side
 * @param {(side: string, size: number) => Promise<object>} measure figures by name
 * @param {(what: string) => void} say
 * @returns of each side a map of sizes to lists of figures, one a round
 */
export async function takeSamples(sizesOf, measure, rounds, say) {
  const samples = Object.fromEntries(BOTH.map((side) => [side, new Map()]))
  for (let round = 1; round <= rounds; round++) {
    const sides = round % 2 === 1 ? BOTH : [...BOTH].reverse()
    for (const size of new Set(BOTH.flatMap(sizesOf))) {
      for (const side of sides.filter((side) => sizesOf(side).includes(size))) {
        const what = `round ${round} of ${rounds}: ${size}, ${side}`
        say(what)
        try {
          const figures = await measure(side, size)
          samples[side].set(size, [...(samples[side].get(size) || []), figures])
        } catch (err) {
          console.error(`No figures of ${what}: ${err.message}`)
        }
      }
    }
  }
  return samples
}

/** A figure's summary at each size: `[size, { median, least, most }]`, of each side. */
export function curves(samples, figure) {
  return Object.fromEntries(
    Object.entries(samples).map(([side, sizes]) => [
      side,
      [...sizes].map(([size, rounds]) => [size, summarise(rounds.map((round) => round[figure]))])
    ])
  )
}
