import { withCrowd } from '../lib/crowd.mjs'
import { BOTH } from '../lib/sides.mjs'

export default {
  name: 'memory',
  description:
    '(RSS with 1 000 nodes − RSS with none) / 1 000, joined 16 at a time, after a collection',
  sides: BOTH,
  rounds: [3, 1],
  rows: [
    {
      title: 'memory of a node, of 1 000 in one process',
      figure: 'memory',
      unit: 'kB',
      better: 'less',
      must: { atMost: 40 },
      aim: { atMost: 15 }
    }
  ],
  round: (side) => withCrowd(side, 1000, (child, joined) => joined)
}
