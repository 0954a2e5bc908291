import { pinnedToFirst } from './affinity.mjs'
import { FLOORS } from './sides.mjs'
import { evaluate, failed } from './targets.mjs'

/**
 * Runs workloads, the sides of each in turn, round after round, and evaluates their rows. One that
 * fails has rows that say so, and the others go on.
 *
 * @param workloads see workloads/index.mjs
 * @param {object} options
 * @param {number} [options.rounds] instead of as many as each workload says
 * @param {boolean} [options.oneCore] everything on the first processor that is allowed, also what
 *   makes the load; where that cannot be done every row has failed
 * @param {(what: string) => void} options.onprogress
 */
export async function run(workloads, options) {
  if (!options.oneCore) return runAll(workloads, options)
  const comparable = workloads.filter(hasReference)
  try {
    return await pinnedToFirst(() => runAll(comparable, options))
  } catch (err) {
    return comparable.flatMap((workload) => failedRows(workload, err, options))
  }
}

async function runAll(workloads, options) {
  const results = []
  for (const workload of workloads) results.push(...(await runOne(workload, options)))
  return results
}

async function runOne(workload, { rounds, oneCore = false, onprogress }) {
  const { name } = workload
  const count = rounds || workload.rounds[oneCore ? 1 : 0]
  const say = (what) => onprogress(`${name}${oneCore ? ' on one core' : ''}: ${what}`)
  try {
    const samples = await measure(onCores(workload, oneCore), count, say)
    return outcomes(workload, oneCore, (row) => evaluate(row, samples, { oneCore }))
  } catch (err) {
    say(err.stack)
    return failedRows(workload, err, { oneCore })
  }
}

function failedRows(workload, err, { oneCore }) {
  return outcomes(workload, oneCore, (row) => failed(row, err, { oneCore }))
}

function outcomes({ name, rows }, oneCore, outcomeOf) {
  return rows.map((row) => ({ workload: name, ...row, oneCore, ...outcomeOf(row) }))
}

// What comes first in one round comes last in the next; the floor needs the engine before it.
async function measure({ sides, round, together }, rounds, say) {
  const samples = Object.fromEntries(sides.map((side) => [side, []]))
  if (together) return measureTogether(together, samples, rounds, say)
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

async function measureTogether(together, samples, rounds, say) {
  for (let n = 0; n < rounds; n++) {
    say(`round ${n + 1} of ${rounds}, all sides at once`)
    const figures = await together(n % 2 === 0)
    for (const [side, list] of Object.entries(samples)) list.push(figures[side])
  }
  return samples
}

// On one core nothing is compared with a floor.
function onCores({ sides, ...workload }, oneCore) {
  return { ...workload, sides: oneCore ? sides.filter((side) => !FLOORS[side]) : sides }
}

// On one core the reference is all that there is to compare with.
function hasReference({ sides }) {
  return sides.includes('reference')
}
