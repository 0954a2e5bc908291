// Streams over emulated links, of the reference and of the engine: goodput, what was sent again, and how
// two of them share. Sides alternate; figures are medians of rounds. It needs a quiet machine.
// usage: node bench/links.mjs [--only NAME,NAME] [--rounds N] [--seconds N] [--json] [--no-build]
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { flow } from './lib/flows.mjs'
import { LINKS, SHARED } from './lib/links.mjs'
import { digits } from './lib/statistics.mjs'

const require = createRequire(import.meta.url)
const { median } = require('../scripts/median.js')
const { buildLoad } = require('../scripts/load.js')
const { machine } = require('../scripts/machine.js')
const { table } = require('../scripts/markdown.js')
const { ROOT } = require('../lib/crossing/platform.js')

const SIDES = [
  ['reference', 'reference'],
  ['ours', 'ours'],
  ['ours', 'reference'],
  ['reference', 'ours']
]
const HEAD_START = 2000 // ms, of the first of two streams
const SETTLING = 3000 // ms, until the shares of two are counted

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
    build: { type: 'boolean', default: true }
  },
  allowNegative: true
})
const rounds = number('rounds')
const ms = number('seconds') * 1000
const names = options.only ? options.only.split(',') : [...Object.keys(LINKS), 'sharing']
for (const name of names) {
  if (!LINKS[name] && name !== 'sharing') {
    fail(`--only ${name}: there are ${Object.keys(LINKS).join(', ')}, sharing`)
  }
}
if (options.build) build()

const results = {}
for (const name of names) results[name] = name === 'sharing' ? await sharing() : await alone(name)
if (options.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2))
else print()

// One stream at a time.
async function alone(name) {
  const runs = SIDES.map(() => [])
  for (let seed = 1; seed <= rounds; seed++) {
    for (const [n, [sender, receiver]] of SIDES.entries()) {
      const how = { link: LINKS[name], seed, flows: [{ sender, receiver }], from: 0, ms }
      runs[n].push(...(await flow(how)))
    }
  }
  return SIDES.map((ends, n) => ({
    ends,
    goodput: median(runs[n].map(({ goodput }) => goodput)),
    retransmits: median(runs[n].map(({ retransmits }) => retransmits))
  }))
}

// Two streams, each between ends of its own kind, either of which may be the first.
async function sharing() {
  const pairs = [
    ['reference', 'reference'],
    ['reference', 'ours'],
    ['ours', 'reference'],
    ['ours', 'ours']
  ]
  const shares = pairs.map(() => [])
  for (let seed = 1; seed <= rounds; seed++) {
    for (const [n, kinds] of pairs.entries()) {
      const flows = kinds.map((kind, at) => ({ sender: kind, receiver: kind, at: at * HEAD_START }))
      const [first, second] = await flow({ link: SHARED, seed, flows, from: SETTLING, ms })
      shares[n].push(first.goodput / (first.goodput + second.goodput))
    }
  }
  return pairs.map((ends, n) => ({ ends, shares: shares[n] }))
}

function print() {
  console.log(machine())
  for (const [name, rows] of Object.entries(results)) {
    const isShared = name === 'sharing'
    const head = isShared
      ? ['first, second', 'shares of the first, a round each']
      : ['sender, receiver', 'goodput, MB/s', '× the reference', 'sent again, %']
    console.log(
      `\n${name}\n\n${table(head, rows.map(isShared ? shareRow : (row) => aloneRow(row, rows)))}`
    )
  }
}

function aloneRow({ ends, goodput, retransmits }, [reference]) {
  const ratio = goodput / reference.goodput
  return [ends.join(', '), digits(goodput / 1e6), digits(ratio), digits(retransmits * 100)]
}

function shareRow({ ends, shares }) {
  return [ends.join(', '), shares.map((share) => share.toFixed(2)).join(' ')]
}

function build() {
  buildLoad()
  const args = ['build', '--release', '--locked', '--quiet', '--no-default-features']
  execFileSync('cargo', [...args, '--example', 'udx-end'], { cwd: ROOT, stdio: 'inherit' })
}

function number(name) {
  const value = Number(options[name])
  if (!Number.isInteger(value) || value < 1)
    fail(`--${name} ${options[name]}: a whole number from 1`)
  return value
}

function fail(reason) {
  console.error(reason)
  process.exit(2)
}
