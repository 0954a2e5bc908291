import { Child } from '../lib/child.mjs'
import { BOTH, UDX_PACKAGES } from '../lib/sides.mjs'

const WARM_UP = 20_000_000
const BYTES = 100_000_000
const WARM_UP_TURNS = 2000
const TURNS = 5000

const PLACES = [
  { name: 'one-process', where: 'one process', open: here },
  { name: 'two-processes', where: 'two processes', open: elsewhere }
]

/** What streams of UDX do: bytes in bulk, and small exchanges. */
export default PLACES.flatMap((place) => [bulk(place), pingPong(place)])

function bulk({ name, where, open }) {
  return {
    name: `stream-bulk-${name}`,
    also: ['streams'],
    description: `One stream, 100 MB one way in writes of 64 KiB, warm, ${where}; CPU is that of both ends`,
    sides: BOTH,
    rounds: [7, 3],
    rows: [
      {
        title: `one stream, 64 KiB writes, ${where}`,
        figure: 'rate',
        unit: 'MB/s',
        better: 'more',
        must: { atLeast: 3, of: 'reference' },
        aim: { atLeast: 5, of: 'reference' }
      },
      cpuRow('the same: CPU of a kB, both ends', 'cpu', 0.35, 0.2),
      cpuRow('the same: CPU of a kB, of the JavaScript threads', 'thread', 0.1, 0.05)
    ],
    round: (side) => open(side, carry)
  }
}

function cpuRow(title, figure, must, aim) {
  return {
    title,
    figure,
    unit: 'µs',
    better: 'less',
    must: { atMost: must, of: 'reference' },
    aim: { atMost: aim, of: 'reference' }
  }
}

function pingPong({ name, where, open }) {
  return {
    name: `stream-ping-pong-${name}`,
    also: ['streams'],
    description: `100 bytes over a stream and back, one after the other, ${where}`,
    sides: BOTH,
    rounds: [7, 3],
    rows: [
      {
        title: `100 bytes over a stream and back, ${where}`,
        figure: 'each',
        unit: 'µs',
        better: 'less',
        must: { atMost: 1, of: 'reference' },
        aim: { atMost: 0.6, of: 'reference' }
      }
    ],
    round: (side) => open(side, exchange)
  }
}

async function carry(near, far) {
  await transfer(near, far, WARM_UP)
  const ends = await transfer(near, far, BYTES)
  const sum = (figure) => ends.reduce((all, end) => all + end[figure], 0)
  const kilobytes = BYTES / 1000
  return {
    rate: kilobytes / ends[0].ms,
    cpu: sum('cpu') / kilobytes,
    thread: sum('thread') / kilobytes
  }
}

function transfer(near, far, bytes) {
  if (near === far) return Promise.all([near.ask({ both: bytes })])
  const reading = far.ask({ read: bytes })
  return Promise.all([near.ask({ send: bytes }), reading])
}

async function exchange(near, far) {
  await far.ask({ echo: true })
  await near.ask({ turns: WARM_UP_TURNS })
  const { ms } = await near.ask({ turns: TURNS })
  return { each: (ms * 1000) / TURNS }
}

async function here(side, work) {
  const ends = new Child('stream', { file: UDX_PACKAGES[side], both: true })
  try {
    await ends.next()
    return await work(ends, ends)
  } finally {
    await ends.end()
  }
}

async function elsewhere(side, work) {
  const [near, far] = [0, 1].map(() => new Child('stream', { file: UDX_PACKAGES[side] }))
  try {
    const [one, two] = await Promise.all([near.next(), far.next()])
    await Promise.all([near.ask({ port: two.port }), far.ask({ port: one.port })])
    return await work(near, far)
  } finally {
    await Promise.all([near.end(), far.end()])
  }
}
