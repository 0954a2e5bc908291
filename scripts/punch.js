'use strict'

// node scripts/punch.js: hyperdht's socket pool and hole puncher, unchanged, on this engine's sockets, between hosts behind
// NATs of the kernel's. Needs Linux, iproute2, nftables, and root or the right to make user namespaces; says so otherwise,
// and ends well.
//   node scripts/punch.js [--only TEXT] [--packages initiator,responder]
//   --only: pairs whose names contain it
//   --packages: of each side, "native" or "reference"; native,native without

const path = require('path')
const { parseArgs } = require('util')
const { table } = require('./markdown')
const { runInside, refuse } = require('./nat/inside')
const World = require('./nat/world')
const Lines = require('./nat/lines')
const pairs = require('./punch/pairs')

const PACKAGES = { reference: 'dht-rpc-reference', native: path.join(__dirname, '..') }
const HEAD = ['from', 'to', 'hole', 'ping through it', 'sockets opened']
// Random ports are guessed: one of a thousand attempts finds none. On a busy machine pings are lost.
const ATTEMPTS = 3

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    packages: { type: 'string', default: 'native,native' },
    inside: { type: 'boolean', default: false }
  }
})
const sides = options.packages.split(',').map((name) => PACKAGES[name])
const wanted = pairs.filter((pair) => nameOf(pair).includes(options.only))

if (sides.length !== 2 || sides.includes(undefined)) {
  refuse(`--packages must be two of native and reference, got ${options.packages}`)
} else if (wanted.length === 0) {
  const names = pairs.map((pair) => `\n  ${nameOf(pair)}`).join('')
  refuse(`--only must be a part of one of the names below, got ${options.only}${names}`)
} else if (options.inside) measure()
else runInside(__filename)

function nameOf([from, to]) {
  return `${from.name} to ${to.name}`
}

async function measure() {
  const world = new World()
  const members = path.join(__dirname, 'nat', 'members.js')
  const core = new Lines(world.spawn('core', [members, ...Object.values(PACKAGES)]))
  if ((await core.next()) !== 'ready') throw new Error('The public network did not come up')
  const results = await Promise.all(wanted.map((pair) => punch(world, pair)))
  console.log(table(HEAD, results.map(row)))
  process.exit(results.every(({ answered }) => answered) ? 0 : 1)
}

async function punch(world, pair) {
  const peers = pair.map((topology, i) => {
    const { name, seen } = world.host(topology)
    const role = i === 0 ? 'initiator' : 'responder'
    const script = path.join(__dirname, 'punch', 'peer.js')
    return { seen, lines: new Lines(world.spawn(name, [script, sides[i], role])) }
  })
  let result
  for (let i = 0; i < ATTEMPTS && !result?.answered; i++) result = await attempt(peers)
  return { pair, ...result }
}

async function attempt([initiator, responder]) {
  const [ours, theirs] = await Promise.all([next(initiator), next(responder)])
  tell(responder, { ...ours, verified: initiator.seen })
  tell(initiator, { ...theirs, verified: responder.seen })
  const punching = await next(responder)
  const result = await next(initiator)
  if (!result.answered) console.error(JSON.stringify({ ours, theirs, punching, result }))
  return result
}

async function next({ lines }) {
  return JSON.parse(await lines.next())
}

function tell({ lines }, what) {
  lines.say(JSON.stringify(what))
}

function row({ pair: [from, to], host, answered, opened }) {
  const cells = [from.name, to.name, host ? 'yes' : 'no', answered ? 'yes' : 'no']
  return [...cells, String(opened ?? '')]
}
