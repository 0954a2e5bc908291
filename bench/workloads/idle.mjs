import { withCrowd } from '../lib/crowd.mjs'
import { BOTH } from '../lib/sides.mjs'

const MINUTE = 60000 // ms

export default {
  name: 'idle',
  description: '1 000 nodes that nobody asks anything, 5 s after the last one joined',
  sides: BOTH,
  rounds: [2, 1],
  rows: [
    {
      title: '1 000 idle nodes, CPU over a minute',
      figure: 'cpu',
      unit: 's',
      better: 'less',
      must: { atMost: 0.4, of: 'reference' },
      aim: { atMost: 0.2, of: 'reference' }
    }
  ],
  round: (side) =>
    withCrowd(side, 1000, async (child) => {
      const { cores } = await child.ask({ idle: MINUTE })
      return { cpu: (cores * MINUTE) / 1000 }
    })
}
