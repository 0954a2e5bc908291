import { measure } from '../lib/child.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'
import { median } from '../../scripts/median.js'

const PROCESSES = 10

export default {
  name: 'first-node',
  description: `from require() until bind() has resolved, the median of ${PROCESSES} processes a round`,
  sides: BOTH,
  rounds: [5, 3],
  rows: [
    {
      title: '`require()` to first bound node',
      figure: 'ms',
      unit: 'ms',
      better: 'less',
      must: { atMost: 0.9, of: 'reference' },
      aim: { atMost: 0.7, of: 'reference' }
    }
  ],
  async round(side) {
    const times = []
    for (let i = 0; i < PROCESSES; i++) {
      const { ms, bound } = await measure('first-node', { file: PACKAGES[side] })
      if (!bound) throw new Error('The node is not bound')
      times.push(ms)
    }
    return { ms: median(times) }
  }
}
