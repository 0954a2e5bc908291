import { drive } from '../lib/load.mjs'
import { withServer } from '../lib/served.mjs'
import { curves, takeSamples } from './samples.mjs'

const HEARD = [20, 100, 500, 2000, 20000, 300000]
const FIGURES = [
  { figure: 'entries', title: 'entries of the table', unit: '' },
  { figure: 'ping', title: 'PING served: CPU', unit: 'µs' },
  { figure: 'find-node', title: 'FIND_NODE served: CPU', unit: 'µs' }
]
const REQUESTS = ['ping', 'find-node']
const LOAD = { warmUp: 300, ms: 1000 }

/**
 * CPU of a served request, by the nodes that the one who is asked has heard of. For what it returns
 * see lib/growth-report.mjs.
 */
export async function measureServed(rounds, onprogress) {
  const say = (what) => onprogress(`served, nodes heard of, ${what}`)
  const samples = await takeSamples(() => HEARD, measure, rounds, say)
  return FIGURES.map(({ figure, ...text }) => ({
    ...text,
    of: 'nodes heard of',
    sides: curves(samples, figure)
  }))
}

function measure(side, heard) {
  return withServer(
    side,
    async ({ pid }, port, entries) => {
      const figures = { entries }
      for (const request of REQUESTS) {
        figures[request] = (await drive({ port, pid, request, ...LOAD })).cpu
      }
      return figures
    },
    { heard }
  )
}
