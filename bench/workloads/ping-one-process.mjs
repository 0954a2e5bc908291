import { measure } from '../lib/child.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'

export default {
  name: 'ping-one-process',
  description: 'await ping(), one after the other, between two nodes of one process',
  sides: BOTH,
  rounds: [5, 3],
  rows: [
    {
      title: 'sequential `await ping()`, one process',
      figure: 'rate',
      unit: '/s',
      better: 'more',
      must: { atLeast: 1, of: 'reference' },
      aim: { atLeast: 1.7, of: 'reference' }
    }
  ],
  round: (side) => measure('ping', { file: PACKAGES[side], inFlight: 1, ms: 2000 })
}
