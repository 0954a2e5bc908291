import { drive, Floor } from '../lib/load.mjs'
import { withServer } from '../lib/served.mjs'

const SPIN = 2000 // ms
const LOAD = { request: 'find-node', warmUp: 100, ms: SPIN }
// A second: far less than saturates anybody, so that latency is not the length of a queue.
const RATE = 2000

export default {
  name: 'spinning',
  description: `${RATE} FIND_NODE a second from another process, for the 2 s in which JavaScript spins in the node's process, or another thread in the floor's`,
  sides: ['reference', 'engine', 'floor'],
  rounds: [3, 3],
  rows: [
    {
      title: `FIND_NODE while JavaScript spins, ${RATE} a second: not answered`,
      figure: 'missing',
      unit: '%',
      better: 'less',
      must: { atMost: 0, always: true }
    },
    {
      title: 'the same: p99 of the latency',
      figure: 'p99',
      unit: 'µs',
      better: 'less',
      must: { atMost: 3, of: 'floor' },
      aim: { atMost: 1.5, of: 'floor' }
    }
  ],
  async round(side, memory) {
    if (side === 'floor') return floorBesideSpinning(memory.replyBytes)
    return withServer(side, async (child, port) => {
      const spin = () => child.ask({ spin: SPIN })
      const result = await loadWhileSpinning({ port, pid: child.pid }, spin)
      if (side === 'engine') memory.replyBytes = result.replyBytes
      return figures(result)
    })
  }
}

async function floorBesideSpinning(replyBytes) {
  const floor = await Floor.start(replyBytes)
  try {
    return figures(await loadWhileSpinning(floor, () => floor.spin(SPIN)))
  } finally {
    await floor.end()
  }
}

// Spinning begins with the window that is measured, and ends with it.
async function loadWhileSpinning({ port, pid }, spin) {
  let spinning = null
  const onmeasuring = () => (spinning = spin())
  const result = await drive({ port, pid, rate: RATE, ...LOAD, onmeasuring })
  await spinning
  return result
}

function figures({ answered, lost, p99 }) {
  return { missing: (100 * lost) / (answered + lost), p99 }
}
