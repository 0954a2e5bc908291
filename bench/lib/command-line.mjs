import { parseArgs } from 'node:util'
import { WORKLOADS } from '../workloads/index.mjs'

const names = WORKLOADS.map(({ name }) => name)

export const COMMAND_LINE = `usage: npm run bench -- [options]
  --only NAME    these workloads only (several times, or with commas)
  --rounds N     instead of as many rounds as each workload says
  --one-core     on one core only; otherwise first with all, and, in a full run, then on one
  --json         the results for machines instead of a table
  --write        puts what was measured into docs/performance.md, as a full run does
  --no-write     leaves that as it is
  --no-build     measures what was built before
workloads: ${names.join(' ')}`

/** @returns `{ workloads, rounds, cores, json, full, write, build }`; `cores`: of each pass, whether it has one */
export function parse(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      'one-core': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      'no-write': { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false }
    }
  })
  const full = !values.only && !values['one-core']
  return {
    workloads: values.only ? select(values.only) : WORKLOADS,
    rounds: values.rounds === undefined ? null : parseRounds(values.rounds),
    cores: full ? [false, true] : [values['one-core']],
    json: values.json,
    full,
    write: (full && !values['no-write']) || values.write,
    build: !values['no-build']
  }
}

function select(only) {
  const wanted = only.flatMap((list) => list.split(',')).filter(Boolean)
  const namesOf = ({ name, also = [] }) => [name, ...also]
  const known = WORKLOADS.flatMap(namesOf)
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`no such workload: ${unknown.join(', ')}`)
  return WORKLOADS.filter((workload) => namesOf(workload).some((name) => wanted.includes(name)))
}

function parseRounds(text) {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new Error(`--rounds must be a whole number from 1, got ${text}`)
}
