import { pinnedTo } from './affinity.mjs'
import { evaluate, failed } from './targets.mjs'

/**
 * Runs workloads, the sides of each in turn, round after round, and evaluates their rows. One that
 * fails has rows that say so, and the others go on.
 *
 * @param workloads see workloads/index.mjs
 * @param {object} options
 * @param {number} [options.rounds] instead of as many as each workload says
 * @param {boolean} [options.oneCore] everything on the first processor, also what makes the load
 * @param {(what: string) => void} options.onprogress
 */
export async function run(workloads, options) {
  if (options.oneCore) return pinnedTo('0', () => runAll(workloads.filter(hasReference), options))
  return runAll(workloads, options)
}

async function runAll(workloads, options) {
  const results = []
  for (const workload of workloads) results.push(...(await runOne(workload, options)))
  return results
}

async function runOne(workload, { rounds, oneCore = false, onprogress }) {
  const { name, rows } = workload
  const count = rounds || workload.rounds[oneCore ? 1 : 0]
  const say = (what) => onprogress(`${name}${oneCore ? ' on one core' : ''}: ${what}`)
  const complete = (row, outcome) => ({ workload: name, ...row, oneCore, ...outcome })
  try {
    const samples = await measure(workload, count, say)
    return rows.map((row) => complete(row, evaluate(row, samples, { oneCore })))
  } catch (err) {
    say(err.stack)
    return rows.map((row) => complete(row, failed(row, err, { oneCore })))
  }
}

// What comes first in one round comes last in the next; the floor needs the engine before it.
async function measure({ sides, round }, rounds, say) {
  const samples = Object.fromEntries(sides.map((side) => [side, []]))
  const [first, ...others] = sides
  const memory = {}
  for (let n = 0; n < rounds; n++) {
    for (const side of n % 2 === 0 ? sides : [...others, first]) {
      say(`round ${n + 1} of ${rounds}, ${side}`)
      samples[side].push(await round(side, memory))
    }
  }
  return samples
}

// On one core the reference is all that there is to compare with.
function hasReference({ sides }) {
  return sides.includes('reference')
}
