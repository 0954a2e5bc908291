import { Child } from '../lib/child.mjs'
import { withServer } from '../lib/served.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'

const LEVELS = [1, 2, 4, 8, 16, 64] // in flight
const WARM_UP = 200 // ms
const MEASURE = 600 // ms

const KINDS = [
  { name: 'requests-1kb', what: '`await request()` of 1 kB, a handler echoes', bytes: 1000 },
  { name: 'requests-32', what: '`await request()` of 32 bytes, a handler echoes', bytes: 32 },
  { name: 'pings', what: '`await ping()`' }
]

const PLACES = [
  { name: 'two-processes', where: 'two processes', open: elsewhere },
  { name: 'one-process', where: 'one process', open: here }
]

// Of the reference's rate, with 64 in flight: in one process, in two.
const MANY_AT_LEAST = { ping: [6, 3], 1000: [2.5, 1.5] }
const MANY_AIMED = { ping: [10, 4], 1000: [3.5, 2.5] }

/** What people run most: a client that asks, a handler in JavaScript that answers, few or many in flight. */
export default PLACES.flatMap((place) => KINDS.map((kind) => workload(place, kind)))

function workload(place, kind) {
  return {
    name: `${kind.name}-${place.name}`,
    also: [kind.name, place.name, 'exchanges'],
    description: `${kind.what}, ${LEVELS.join(', ')} at a time, ${place.where}; CPU is that of both sides`,
    sides: BOTH,
    rounds: [7, 3],
    rows: LEVELS.flatMap((inFlight) => rows(place, kind, inFlight)),
    round: (side) => place.open(side, kind)
  }
}

function rows({ name, where }, { what, bytes }, inFlight) {
  const rate = {
    title: `${what}, ${inFlight} in flight, ${where}`,
    figure: `rate${inFlight}`,
    unit: '/s',
    better: 'more',
    must: { atLeast: leastRate(name, bytes, inFlight), of: 'reference' },
    aim: { atLeast: aimedRate(name, bytes, inFlight), of: 'reference' }
  }
  if (inFlight < 16) return [rate]
  const cpu = {
    title: 'the same: CPU of one, both sides',
    figure: `cpu${inFlight}`,
    unit: 'µs',
    better: 'less',
    must: { atMost: 0.8, of: 'reference' },
    aim: { atMost: 0.5, of: 'reference' }
  }
  return [rate, cpu]
}

function leastRate(place, bytes, inFlight) {
  const [inOne, inTwo] = MANY_AT_LEAST[kindOf(bytes, inFlight)] ?? [1, 1]
  return place === 'one-process' ? inOne : inTwo
}

function aimedRate(place, bytes, inFlight) {
  const [inOne, inTwo] = MANY_AIMED[kindOf(bytes, inFlight)] ?? [1.5, 1.5]
  return place === 'one-process' ? inOne : inTwo
}

function kindOf(bytes, inFlight) {
  return inFlight === 64 ? (bytes ?? 'ping') : 'few'
}

function elsewhere(side, kind) {
  return withServer(side, (server, port) => levels(side, { ...kind, port }, server), {
    heard: 0
  })
}

function here(side, kind) {
  return levels(side, kind, null)
}

async function levels(side, { bytes, port }, server) {
  const client = new Child('exchange', { file: PACKAGES[side], bytes, port })
  try {
    await client.next()
    const figures = {}
    for (const inFlight of LEVELS) {
      await client.ask({ inFlight, ms: WARM_UP })
      const before = server ? await server.ask({ cpu: true }) : 0
      const { done, ms, cpu, each } = await client.ask({ inFlight, ms: MEASURE })
      const served = server ? (await server.ask({ cpu: true })) - before : 0
      figures[`rate${inFlight}`] = (done / ms) * 1000
      figures[`each${inFlight}`] = each
      figures[`cpu${inFlight}`] = (cpu + served) / done
    }
    return figures
  } finally {
    await client.end()
  }
}
