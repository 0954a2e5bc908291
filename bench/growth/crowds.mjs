import { withCrowd } from '../lib/crowd.mjs'
import { curves, takeSamples } from './samples.mjs'

const SIZES = [10, 100, 800, 2000, 8000]
// One thread cannot carry much larger networks of the reference on a busy machine.
const LARGEST = { reference: 800, engine: Infinity }

const LOOKUPS = { count: 100 }
const IDLE = 8000 // ms

const LOOKUP = 'nodes of the network'
const NODE = 'nodes of the process'
const FIGURES = [
  { figure: 'messages', title: 'one lookup: requests', unit: '', of: LOOKUP },
  { figure: 'cpu', title: 'one lookup: CPU of the whole network', unit: 'ms', of: LOOKUP },
  { figure: 'p50', title: 'one lookup: latency p50', unit: 'ms', of: LOOKUP },
  { figure: 'boot', title: 'one node: CPU of joining', unit: 'ms', of: NODE },
  { figure: 'memory', title: 'one node: memory', unit: 'kB', of: NODE },
  { figure: 'idle', title: 'one idle node: CPU a second', unit: 'µs', of: NODE }
]

/** What lookups and nodes cost, by the size of a network of which all but the first node are one process. */
export async function measureCrowds(rounds, largest, onprogress) {
  const sizesOf = (side) => SIZES.filter((size) => size <= Math.min(largest, LARGEST[side]))
  const say = (what) => onprogress(`nodes of a network, ${what}`)
  const samples = await takeSamples(sizesOf, measure, rounds, say)
  return FIGURES.map(({ figure, ...text }) => ({ ...text, sides: curves(samples, figure) }))
}

function measure(side, size) {
  return withCrowd(side, size, async (child, { boot, memory }) => {
    const lookups = await child.ask({ lookups: LOOKUPS })
    const { cores } = await child.ask({ idle: IDLE })
    return { ...lookups, boot, memory, idle: (cores * 1e6) / size }
  })
}
