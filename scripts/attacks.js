'use strict'

// npm run attacks: the long version of tests/attacks, and a flood of 200 000 requests a second for 10 s against a node
// of this package; writes what came of them into docs/reliability.md. Linux, on a machine that has nothing else to do.

const { spawnSync } = require('child_process')
const { ROOT } = require('../lib/crossing/platform')
const { flood } = require('./attacks/flood')
const { PROGRAM, buildLoad } = require('./load')
const { writeMarked } = require('./marked')

const RATE = 200000
const TIME = 10000 // ms
// Lookups in a flood take at most so many times as long as in calm, on the same machine with the same nodes.
const SLOWER = 20
const FLOODS = [
  { request: 'mixed', hosts: 1, from: '1 host, PING and FIND_NODE' },
  { request: 'mixed', hosts: 64, from: '64 hosts, PING and FIND_NODE' },
  { request: 'user', hosts: 64, from: "64 hosts, a user's command that is answered" },
  {
    request: 'user',
    hosts: 64,
    work: 0.1,
    // V8 collects later what lookups leave behind that outlive its nursery.
    anyMemory: true,
    from: "64 hosts, a user's command whose handler computes for 0.1 ms"
  },
  { request: 'reply', hosts: 64, from: '64 hosts, replies that nobody asked for' },
  {
    request: 'mixed',
    hosts: 64,
    opts: { protections: { loadShedding: false } },
    from: '64 hosts, PING and FIND_NODE, without `loadShedding`'
  }
]

main()

async function main() {
  buildLoad()
  const floods = []
  for (const { from, anyMemory = false, ...how } of FLOODS) {
    const outcome = await flood({ load: PROGRAM, rate: RATE, ms: TIME, ...how })
    floods.push({ from, isHeld: isHeld(outcome, anyMemory), outcome, isProtected: !how.opts })
    console.log(row(floods.at(-1)))
  }
  const attacks = longAttacks()
  const head = '| attack | what came of it |\n|---|---|'
  const text = [head, ...attacks, ...floods.map(row)].join('\n')
  const held = floods.every(({ isHeld, isProtected }) => !isProtected || isHeld)
  if (!held) {
    console.error('A flood did harm, see above. The document stays as it was.')
    process.exit(1)
  }
  writeMarked('docs/reliability.md', 'attacks', text)
}

// What is promised.
function isHeld({ offered, own, theirs, later, removed, memory, recovered }, anyMemory) {
  if (offered < 0.95 * RATE) return false
  if ([own, theirs, later].some(({ share }) => !(share >= 0.99))) return false
  if ([own, theirs].some(({ made, calm }) => made < calm / SLOWER)) return false
  return removed === 0 && (anyMemory || memory <= 16) && recovered <= 1000
}

function row({ from, isHeld, outcome }) {
  const { offered, own, theirs, later, recovered, start, memory, calmPeak } = outcome
  const percent = ({ share, made }) => `${(100 * share).toFixed(1)} % of ${made}`
  const beside = (lookups) => `${percent(lookups)}, in calm there are ${lookups.calm} in that time`
  const words = [
    `${isHeld ? 'held' : 'not held'}: ${offered} a second offered`,
    `lookups of the flooded node that succeeded: ${beside(own)}`,
    `of the others: ${beside(theirs)}`,
    `live nodes removed: ${outcome.ownRemoved} of ${outcome.ownKnown} from its table, ${outcome.removed} of ${outcome.known} from all tables`,
    `memory: at most ${memory.toFixed(1)} MB more than the ${start.toFixed(1)} MB at its start (before that at most ${calmPeak.toFixed(1)} MB)`,
    `20 pings in a row within ten times what they take in calm: ${Math.round(recovered)} ms after the end`,
    `lookups in the second after: ${percent(later)}`
  ]
  return `| a flood for ${TIME / 1000} s from ${from} | ${words.join('; ')} |`
}

function longAttacks() {
  const args = ['test', '--release', '--locked', '--no-default-features', '--test', 'attacks']
  const { status, stdout, stderr } = spawnSync(
    'cargo',
    [...args, '--', '--nocapture', '--test-threads=1'],
    { cwd: ROOT, env: { ...process.env, ATTACKS: 'long' }, encoding: 'utf8' }
  )
  if (status !== 0) {
    console.error(stdout + stderr)
    process.exit(1)
  }
  // The name of the test may stand before it on the line.
  return [...stdout.matchAll(/figure (\|.*\|)$/gm)].map(([, figure]) => figure)
}
