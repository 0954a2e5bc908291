import { drive } from '../lib/load.mjs'
import { withServer } from '../lib/served.mjs'
import { BOTH } from '../lib/sides.mjs'
import { median } from '../lib/statistics.mjs'

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
  const samples = { reference: new Map(), engine: new Map() }
  for (let round = 1; round <= rounds; round++) {
    for (const heard of HEARD) {
      for (const side of BOTH) {
        onprogress(`served, round ${round} of ${rounds}: ${heard} nodes heard of, ${side}`)
        const before = samples[side].get(heard) || []
        samples[side].set(heard, [...before, await measure(side, heard)])
      }
    }
  }
  return FIGURES.map(({ figure, ...text }) => ({
    ...text,
    of: 'nodes heard of',
    sides: Object.fromEntries(BOTH.map((side) => [side, curve(samples[side], figure)]))
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
    heard
  )
}

function curve(samples, figure) {
  return HEARD.map((heard) => [heard, median(samples.get(heard).map((sample) => sample[figure]))])
}
