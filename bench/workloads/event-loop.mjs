import { drive } from '../lib/load.mjs'
import { withServer } from '../lib/served.mjs'
import { BOTH } from '../lib/sides.mjs'

const ASK = { utilisation: true }

export default {
  name: 'event-loop',
  description:
    'PING and FIND_NODE in turn from another process, 64 in flight: performance.eventLoopUtilization()',
  sides: BOTH,
  rounds: [3, 3],
  rows: [
    {
      title: 'event-loop utilisation while PING and FIND_NODE saturate the node',
      figure: 'utilisation',
      unit: '',
      better: 'less',
      must: { atMost: 0.02 },
      aim: { atMost: 0.005 }
    }
  ],
  round: (side) =>
    withServer(side, async (child, port) => {
      let before = null
      const onmeasuring = () => (before = child.ask(ASK))
      await drive({ port, pid: child.pid, request: 'mixed', onmeasuring })
      await before
      return { utilisation: await child.ask(ASK) }
    })
}
