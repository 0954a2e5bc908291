import { memoryRow } from './boot.mjs'
import { withCrowd } from '../lib/crowd.mjs'

const IDLE = 40000 // ms: each node's upkeep comes once
const LOOKUPS = 50

export default {
  name: 'nodes-8000',
  description: `8 000 nodes in one process: all persistent; ${LOOKUPS} lookups, of which the worst is said; in the first round idle for ${IDLE / 1000} s`,
  sides: ['engine'],
  rounds: [3, 1],
  rows: [
    memoryRow('8 000', 16, 12),
    {
      title: '8 000 nodes in one process: persistent',
      figure: 'persistent',
      unit: '%',
      better: 'more',
      must: { atLeast: 100, always: true }
    },
    {
      title: 'the same: found of the true 20 closest, at least',
      figure: 'found',
      unit: '',
      better: 'more',
      must: { atLeast: 18, always: true }
    },
    {
      title: 'the same, idle: cores in use',
      figure: 'cores',
      unit: '',
      better: 'less',
      aim: { atMost: 0.3 }
    }
  ],
  round: (side, memory) =>
    withCrowd(side, 8000, async (child, { persistent, memory: each }) => {
      const { found } = await child.ask({ lookups: { count: LOOKUPS } })
      const figures = { persistent: 100 * persistent, found, memory: each }
      if (memory.idle) return figures
      memory.idle = true
      const { cores } = await child.ask({ idle: IDLE })
      return { ...figures, cores }
    })
}
