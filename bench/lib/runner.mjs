import os from 'node:os'
import { evaluate } from './targets.mjs'
import { pinTo } from './affinity.mjs'

/**
 * Runs workloads, the sides of each in turn, round after round, and evaluates their rows.
 *
 * @param workloads see workloads/index.mjs
 * @param {object} options
 * @param {number} [options.rounds] instead of as many as each workload says
 * @param {boolean} [options.oneCore] everything on the first processor, also what makes the load
 * @param {(what: string) => void} options.onprogress
 */
export async function run(workloads, { rounds, oneCore = false, onprogress }) {
  const results = []
  if (oneCore) pinTo('0')
  try {
    for (const workload of workloads) {
      if (oneCore && !workload.sides.includes('reference')) continue
      const count = rounds || workload.rounds[oneCore ? 1 : 0]
      const samples = await measure(workload, count, (what) =>
        onprogress(`${workload.name}${oneCore ? ' on one core' : ''}: ${what}`)
      )
      for (const row of workload.rows) {
        const { name } = workload
        results.push({ workload: name, ...row, oneCore, ...evaluate(row, samples, { oneCore }) })
      }
    }
  } finally {
    if (oneCore) pinTo(`0-${os.cpus().length - 1}`)
  }
  return results
}

// What comes first in one round comes last in the next; the floor needs the engine before it.
async function measure(workload, rounds, onprogress) {
  const samples = Object.fromEntries(workload.sides.map((side) => [side, []]))
  const [first, ...others] = workload.sides
  const memory = {}
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? workload.sides : [...others, first]
    for (const side of order) {
      onprogress(`round ${round + 1} of ${rounds}, ${side}`)
      samples[side].push(await workload.round(side, memory))
    }
  }
  return samples
}
