import { Child } from '../lib/child.mjs'
import { drive, Floor } from '../lib/load.mjs'
import { withServer } from '../lib/served.mjs'

const SPIN = 2000 // ms
// All of it while JavaScript spins, with room for a process to start.
const LOAD = { request: 'find-node', warmUp: 100, ms: 1700 }
// A second: far less than saturates anybody, so that latency is not the length of a queue.
const RATE = 2000

export default {
  name: 'spinning',
  description: `${RATE} FIND_NODE a second from another process, while JavaScript spins for 2 s in the node's process, or in a process beside the floor`,
  sides: ['reference', 'engine', 'floor'],
  rounds: [5, 3],
  rows: [
    {
      title: 'FIND_NODE while JavaScript spins: not answered',
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
      const result = await loadWhileSpinning(child, { port, pid: child.pid })
      if (side === 'engine') memory.replyBytes = result.replyBytes
      return figures(result)
    })
  }
}

async function floorBesideSpinning(replyBytes) {
  const floor = await Floor.start(replyBytes)
  const spinner = new Child('spin', {})
  try {
    return figures(await loadWhileSpinning(spinner, floor))
  } finally {
    await spinner.end()
    await floor.end()
  }
}

async function loadWhileSpinning(spinner, { port, pid }) {
  await spinner.ask({ spin: SPIN })
  return drive({ port, pid, rate: RATE, ...LOAD })
}

function figures({ answered, lost, p99 }) {
  return { missing: (100 * lost) / (answered + lost), p99 }
}
