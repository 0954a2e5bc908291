import { measure } from '../lib/child.mjs'
import { withServer } from '../lib/served.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'

export default {
  name: 'ping-two-processes',
  description:
    'await ping(), one after the other, to a node of the same package in another process',
  sides: BOTH,
  rounds: [5, 3],
  rows: [
    {
      title: 'sequential `await ping()`, two processes',
      figure: 'rate',
      unit: '/s',
      better: 'more',
      must: { atLeast: 1, of: 'reference' },
      aim: { atLeast: 1.2, of: 'reference' }
    }
  ],
  round: (side) =>
    withServer(side, (child, port) =>
      measure('ping', { file: PACKAGES[side], inFlight: 1, ms: 2000, port })
    )
}
