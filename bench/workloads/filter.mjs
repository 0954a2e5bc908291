import { withCrowd } from '../lib/crowd.mjs'

const UNFILTERED = 'without filter'
const LOOKUPS = { count: 200 }

export default {
  name: 'filter',
  description:
    'a network of 500 joins, then findNode() of random targets by one client; all of them have a filterNode() that looks at ' +
    'ports, beside the same without',
  sides: [UNFILTERED, 'engine'],
  rounds: [7, 3],
  rows: [
    {
      title: 'boot CPU of a node with filterNode(), network of 500 in one process',
      figure: 'boot',
      unit: 'ms',
      better: 'less',
      must: { atMost: 1.2, of: UNFILTERED }
    },
    {
      title: 'one lookup in it: CPU of the whole network',
      figure: 'cpu',
      unit: 'ms',
      better: 'less',
      must: { atMost: 1.2, of: UNFILTERED }
    }
  ],
  round: (side) =>
    withCrowd(
      'engine',
      500,
      async (child, { boot }) => ({ boot, ...(await child.ask({ lookups: LOOKUPS })) }),
      { filter: side !== UNFILTERED }
    )
}
