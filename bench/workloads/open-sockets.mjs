import { serve } from '../lib/served.mjs'

const WITHOUT = 'engine without sockets'
const SOCKETS = 100

export default {
  name: 'open-sockets',
  description: `FIND_NODE from another process, 64 in flight, to a node with a full table, whose UDX has ${SOCKETS} open sockets, and to one that was never asked for its UDX`,
  sides: [WITHOUT, 'engine'],
  rounds: [7, 3],
  rows: [
    {
      title: `FIND_NODE served by a node with ${SOCKETS} open sockets: CPU per request`,
      figure: 'cpu',
      unit: 'µs',
      better: 'less',
      must: { atMost: 1.1, of: WITHOUT },
      aim: { atMost: 1, of: WITHOUT }
    }
  ],
  round: (side, memory) =>
    serve('engine', memory, 'find-node', { sockets: side === WITHOUT ? 0 : SOCKETS })
}
