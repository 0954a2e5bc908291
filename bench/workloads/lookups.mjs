import { withCrowd } from '../lib/crowd.mjs'
import { BOTH } from '../lib/sides.mjs'
import { bootRow } from './boot.mjs'

const LOOKUPS = { count: 100, atOnce: 32, ms: 4000 }

export default {
  name: 'lookups',
  also: ['boot-800'],
  description:
    'a network of 800 joins, then findNode() of random targets by one client that is not in the network; the client and the ' +
    'network of 800 are one process',
  sides: BOTH,
  rounds: [5, 3],
  rows: [
    bootRow(800),
    {
      title: 'one lookup in a network of 800: latency p50',
      figure: 'p50',
      unit: 'ms',
      better: 'less',
      must: { atMost: 0.4, of: 'reference' },
      aim: { atMost: 0.2, of: 'reference' }
    },
    {
      title: 'the same: CPU of the whole network',
      figure: 'cpu',
      unit: 'ms',
      better: 'less',
      must: { atMost: 0.35, of: 'reference' },
      aim: { atMost: 0.2, of: 'reference' }
    },
    {
      title: '32 lookups at a time',
      figure: 'rate',
      unit: '/s',
      better: 'more',
      must: { atLeast: 3, of: 'reference' },
      aim: { atLeast: 5, of: 'reference' }
    }
  ],
  round: (side) =>
    withCrowd(side, 800, async (child, { boot }) => {
      return { boot, ...(await child.ask({ lookups: LOOKUPS })) }
    })
}
