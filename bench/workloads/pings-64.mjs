import { measure } from '../lib/child.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'

export default {
  name: 'pings-64',
  description: '64 lanes of await ping() between two nodes of one process',
  sides: BOTH,
  rounds: [5, 3],
  rows: [
    {
      title: '64 pings in flight, one process',
      figure: 'rate',
      unit: '/s',
      better: 'more',
      must: { atLeast: 2, of: 'reference' },
      aim: { atLeast: 4, of: 'reference' }
    }
  ],
  round: (side) => measure('ping', { file: PACKAGES[side], inFlight: 64, ms: 2000 })
}
