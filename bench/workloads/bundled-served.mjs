import { serve } from '../lib/served.mjs'

const KINDS = [
  { request: 'ping', what: 'PING', must: 0.3, aim: 1.6 },
  { request: 'find-node', what: 'FIND_NODE with a full table', must: 0.35, aim: 2.5 }
]

/** Requests of a busy client that sends and reads bundles. */
export default KINDS.map(({ request, what, must, aim }) => ({
  name: `${request}-served-bundled`,
  also: ['bundles'],
  description: `${what} from another process that sends and reads bundles, 64 in flight: CPU of the process that answers`,
  sides: ['reference', 'engine', 'floor', 'floor with bundles'],
  rounds: [4, 3],
  rows: [
    {
      title: `${what} served to a client that bundles: CPU per request`,
      figure: 'cpu',
      unit: 'µs',
      better: 'less',
      must: { atMost: must, of: 'floor' },
      aim: { atMost: aim, of: 'floor with bundles' }
    }
  ],
  round: (side, memory) => serve(side, memory, request, { bundles: true })
}))
