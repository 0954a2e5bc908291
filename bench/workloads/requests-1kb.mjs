import { measure } from '../lib/child.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'

export default {
  name: 'requests-1kb',
  description:
    '64 lanes of await request() with a value of 1 kB, without a target, between two nodes of one ' +
    'process; a JavaScript handler sends the value back',
  sides: BOTH,
  rounds: [5, 3],
  rows: [
    {
      title: '`await request()` with a 1 kB value, 64 in flight',
      figure: 'rate',
      unit: '/s',
      better: 'more',
      must: { atLeast: 1.7, of: 'reference' },
      aim: { atLeast: 3, of: 'reference' }
    }
  ],
  round: (side) => measure('request', { file: PACKAGES[side], inFlight: 64, bytes: 1000, ms: 2000 })
}
