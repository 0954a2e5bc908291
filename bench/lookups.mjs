// What lookups find of the true 20 closest, which are computed by brute force over all ids: in a
// network of the reference alone, of this engine alone, and of half and half, from clients that are
// not in the network. All of them have the same ports, so the same ids, join in the same order and
// as many at once, and are asked for the same targets. Says whether any table lost a live node.
// usage: node bench/lookups.mjs [--nodes 200] [--targets 500] [--rounds 3] [--write]
//   --write: puts the table into docs/lookups.md
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { randomTarget } from '../__test__/helpers/ids.js'
import { Network, nearest, scatteredPorts } from '../__test__/helpers/lookups.js'
import { machine } from '../scripts/machine.js'
import { table } from '../scripts/markdown.js'
import { writeMarked } from '../scripts/marked.js'

const require = createRequire(import.meta.url)
const Reference = require('dht-rpc-reference')
const Engine = require('..')

// Nodes that join at once.
const JOINS = [1, 10, 50]

const REFERENCE_ALONE = 'the reference alone'
const ENGINE_ALONE = 'this engine alone'
const SETUPS = [
  { name: REFERENCE_ALONE, kinds: [Reference], clients: { reference: Reference } },
  { name: ENGINE_ALONE, kinds: [Engine], clients: { 'this engine': Engine } },
  {
    name: 'half and half',
    kinds: [Reference, Engine],
    clients: { reference: Reference, 'this engine': Engine }
  }
]

const LEAST_ALONE = 0.998

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '200' },
    targets: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false }
  }
})
const [nodes, count, rounds] = [options.nodes, options.targets, options.rounds].map(Number)

const rows = []
const failures = []
for (let round = 1; round <= rounds; round++) {
  const ports = await scatteredPorts(nodes)
  const targets = Array.from({ length: count }, () => randomTarget())
  const truth = nearest(targets, ports)
  for (const atOnce of JOINS) await measureAll(round, ports, atOnce, targets, truth)
}
process.stderr.write('\r'.padEnd(70) + '\r')

const workload = `${nodes} nodes, ${count} random targets, ${rounds} rounds with other ids and targets each`
const text = `${machine()}; ${workload}, mean (least–most):\n\n${shares()}`
console.log(text)
if (options.write) writeMarked('docs/lookups.md', 'lookups', text)
for (const failure of failures) console.error(failure)
if (failures.length > 0) process.exitCode = 1

async function measureAll(round, ports, atOnce, targets, truth) {
  const shares = []
  for (const { name, kinds, clients } of SETUPS) {
    process.stderr.write(`\rround ${round} of ${rounds}, ${atOnce} at once: ${name}`.padEnd(70))
    const classes = ports.map((_, i) => kinds[i % kinds.length])
    const network = await Network.join(classes, ports, atOnce)
    try {
      for (const [client, DHT] of Object.entries(clients)) {
        const share = await network.lookups(DHT, targets, truth)
        shares.push({ setup: name, client, share, dropped: network.dropped() })
      }
    } finally {
      await network.destroy()
    }
  }

  const reference = shares.find(({ setup }) => setup === REFERENCE_ALONE).share
  for (const { setup, client, share, dropped } of shares) {
    sampleOf(atOnce, setup, client).push({ share, dropped })
    const what = `round ${round}, ${atOnce} at once, ${setup}, client: ${client}: ${percent(share)}`
    if (share < reference)
      failures.push(`${what} is below ${percent(reference)}, ${REFERENCE_ALONE}`)
    if (setup === ENGINE_ALONE && share < LEAST_ALONE) failures.push(`${what} is too little`)
    if (dropped > 0) failures.push(`${what}, and tables lost ${dropped} live nodes`)
  }
}

function sampleOf(atOnce, setup, client) {
  let row = rows.find((r) => r.atOnce === atOnce && r.setup === setup && r.client === client)
  if (!row) rows.push((row = { atOnce, setup, client, samples: [] }))
  return row.samples
}

function shares() {
  const head = ['joining at once', 'network', 'client']
  const found = ['found of the true 20 closest', 'live nodes dropped']
  return table([...head, ...found], rows.map(cells))
}

function cells({ atOnce, setup, client, samples }) {
  const shares = samples.map(({ share }) => share)
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const spread = `${percent(Math.min(...shares))}–${percent(Math.max(...shares))}`
  const dropped = samples.reduce((sum, sample) => sum + sample.dropped, 0)
  return [atOnce, setup, client, `${percent(mean)} (${spread})`, dropped]
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`
}
