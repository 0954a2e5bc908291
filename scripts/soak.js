'use strict'

// npm run soak: what the suites check briefly, for long. Says what was measured, fails if a bound is broken.
//   node scripts/soak.js [--only NAME] [--write]
//   --only: cycles, abandoned, workers, exits or blocked
//   --write: puts the table into docs/reliability.md; of all of them only

const { spawnSync } = require('child_process')
const path = require('path')
const { parseArgs } = require('util')
const { machine } = require('./machine')
const { table } = require('./markdown')
const { writeMarked } = require('./marked')
const { MB, FLAGS } = require('./soak/support')

const SCENARIOS = {
  cycles: {
    args: ['--count', '10000'],
    says: 'nodes created, used and destroyed one after the other',
    figures: ({ cycles, seconds, ...held }) => `${cycles} in ${round(seconds)} s; ${flat(held)}`
  },
  abandoned: {
    args: ['--count', '10000'],
    says: 'queries left half-way, in seven ways',
    figures: ({ queries, seconds, ...held }) => `${queries} in ${round(seconds)} s; ${flat(held)}`
  },
  workers: {
    args: ['--count', '64', '--rounds', '20', '--megabytes', '4'],
    says: '64 worker threads at a time, ended in five ways under load',
    figures: ({ workers, last, seconds, ...held }) =>
      `${workers} in ${round(seconds)} s; with the last ${last} of them ${flat(held)}`
  },
  exits: {
    args: ['--count', '200'],
    says: '`process.exit()` under load, each at another moment',
    figures: ({ processes, clean, ...rest }) =>
      `${clean} of ${processes} clean, the longest lived ${round(rest['longest life, ms'])} ms`
  },
  blocked: {
    args: ['--seconds', '10'],
    says: 'JavaScript blocked for 10 s under full load',
    figures: (f) =>
      `${f.offered} requests offered, ${f.delivered} delivered, ${f.dropped} dropped and counted by the node, ` +
      `${f.unread} by the system, as the socket's receive buffer was full; ` +
      `memory +${round(f.grown / MB)} MB, answers again after ${round(f.recoveredIn)} ms`
  }
}

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, write: { type: 'boolean', default: false } }
})

const names = Object.keys(SCENARIOS).filter((name) => !options.only || name === options.only)
if (names.length === 0) {
  console.error(`--only must be one of ${Object.keys(SCENARIOS).join(', ')}, got ${options.only}`)
  process.exit(2)
}

if (options.only && options.write) {
  console.error('--write is for a run of all scenarios, without --only')
  process.exit(2)
}

const outcomes = names.map(run)
const rows = []
for (const { says, figures, failures } of outcomes) {
  rows.push([says, figures, failures.length === 0 ? 'kept' : failures.join('; ')])
}
const text = `${machine()}:\n\n${table(['what', 'figures', 'bounds'], rows)}`
console.log(text)
if (options.write) writeMarked('docs/reliability.md', 'soak', text)
process.exit(outcomes.every(({ failures }) => failures.length === 0) ? 0 : 1)

function run(name) {
  const { args, says, figures } = SCENARIOS[name]
  console.error(`${name} …`)
  const file = path.join(__dirname, 'soak', `${name}.js`)
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...FLAGS, file, ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
  )
  if (status !== 0) {
    return { says, figures: '', failures: [`${signal || `code ${status}`}: ${stderr.trim()}`] }
  }
  const said = JSON.parse(stdout)
  return { says, figures: figures(said.figures), failures: said.failures }
}

function flat({ before, after }) {
  const grown = (name) => after[name] - before[name]
  const sign = (number) => (number < 0 ? `−${-number}` : `+${number}`)
  return (
    `memory ${sign(round(grown('rss') / MB))} MB, heap ${sign(round(grown('heap') / MB))} MB, ` +
    `descriptors ${sign(grown('descriptors'))}, threads ${sign(grown('threads'))}, ` +
    `handles ${sign(grown('handles'))}`
  )
}

function round(number) {
  return Number(number.toFixed(1))
}
