import path from 'node:path'
import { createRequire } from 'node:module'
import { Child } from '../lib/child.mjs'
import { withCrowd } from '../lib/crowd.mjs'
import { serve } from '../lib/served.mjs'
import { BOTH } from '../lib/sides.mjs'

const require = createRequire(import.meta.url)

const NETWORK = 10 // nodes
const WARM_UP = { connects: 20, bytes: 20_000_000 }
const CONNECTS = 100
const CROWD = 500
const LOOKUPS = { count: 200 }
const BYTES = 100_000_000

let tree = null

/** HyperDHT as it is, on either package. */
export default [
  {
    name: 'hyperdht-connect',
    also: ['hyperdht'],
    description: `HyperDHT in a network of ${NETWORK}: connections by key, one after the other, to a node in another process`,
    sides: BOTH,
    rounds: [5, 3],
    rows: [connectRow('median', 'p50'), connectRow('95 of 100 within', 'p95')],
    round: (side) => withPair(side, connecting)
  },
  {
    name: 'hyperdht-bulk',
    also: ['hyperdht'],
    description: 'HyperDHT: 100 MB over an encrypted stream, two processes; CPU is that of both',
    sides: BOTH,
    rounds: [5, 3],
    rows: [
      {
        title: '100 MB over an encrypted stream of HyperDHT',
        figure: 'rate',
        unit: 'MB/s',
        better: 'more',
        must: { atLeast: 1.7, of: 'reference' },
        aim: { atLeast: 3, of: 'reference' }
      },
      {
        title: 'the same: CPU of a kB, both ends',
        figure: 'cpu',
        unit: 'µs',
        better: 'less'
      }
    ],
    round: (side) => withPair(side, carrying)
  },
  {
    name: 'hyperdht-find-node-served',
    also: ['hyperdht'],
    description:
      'FIND_NODE from another process, 64 in flight, to a HyperDHT node with a full table',
    sides: BOTH,
    rounds: [4, 3],
    rows: [
      {
        title: 'FIND_NODE served by a HyperDHT node: CPU per request',
        figure: 'cpu',
        unit: 'µs',
        better: 'less',
        must: { atMost: 0.45, of: 'reference' },
        aim: { atMost: 0.35, of: 'reference' }
      }
    ],
    round: (side, memory) => serve(side, memory, 'find-node', { file: fileOf(side) })
  },
  {
    name: 'hyperdht-500',
    also: ['hyperdht'],
    description: `${CROWD} HyperDHT nodes of one process join, 16 at a time; then findNode() of random targets by one client`,
    sides: BOTH,
    rounds: [3, 3],
    rows: [
      crowdRow(`boot CPU of a HyperDHT node, network of ${CROWD}`, 'boot', 'ms', 0.3, 0.2),
      crowdRow('memory of one of them', 'memory', 'kB', 0.35),
      crowdRow('one findNode() in it: CPU of the whole network', 'cpu', 'ms', 0.3)
    ],
    round: (side) => withCrowd(side, CROWD, crowded, { file: fileOf(side) })
  }
]

async function crowded(child, { boot, memory }) {
  const { cpu } = await child.ask({ lookups: LOOKUPS })
  return { boot, memory, cpu }
}

function crowdRow(title, figure, unit, must, aim) {
  const row = { title, figure, unit, better: 'less', must: { atMost: must, of: 'reference' } }
  return aim ? { ...row, aim: { atMost: aim, of: 'reference' } } : row
}

function connectRow(what, figure) {
  return {
    title: `HyperDHT's connect by key, ${what}`,
    figure,
    unit: 'ms',
    better: 'less',
    must: { atMost: 0.9, of: 'reference' }
  }
}

function fileOf(side) {
  const { MODULES, nativeTree } = require('../../scripts/hyper-tree.js')
  if (side === 'engine') tree ??= nativeTree()
  return path.join(side === 'engine' ? tree : MODULES, 'hyperdht', 'index.js')
}

async function withPair(side, work) {
  const file = fileOf(side)
  const children = []
  const start = async (options) => {
    const child = new Child('hyperdht', { file, ...options })
    children.push(child)
    return [child, (await child.next()).bootstrap]
  }
  try {
    const [, bootstrap] = await start({ count: NETWORK })
    const [to] = await start({ bootstrap })
    const [from] = await start({ bootstrap })
    const { key } = await to.ask({ listen: true })
    return await work(from, to, key)
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

async function connecting(from, to, key) {
  await from.ask({ connect: key, count: WARM_UP.connects })
  const times = await from.ask({ connect: key, count: CONNECTS })
  times.sort((a, b) => a - b)
  return { p50: times[CONNECTS * 0.5], p95: times[CONNECTS * 0.95] }
}

async function carrying(from, to, key) {
  await from.ask({ open: key })
  await transfer(from, to, WARM_UP.bytes)
  const [sent, read] = await transfer(from, to, BYTES)
  const kilobytes = BYTES / 1000
  return { rate: kilobytes / Math.max(sent.ms, read.ms), cpu: (sent.cpu + read.cpu) / kilobytes }
}

function transfer(from, to, bytes) {
  return Promise.all([from.ask({ send: bytes }), to.ask({ read: bytes })])
}
