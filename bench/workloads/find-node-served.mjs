import { serve } from '../lib/served.mjs'

export default {
  name: 'find-node-served',
  description: 'FIND_NODE from another process, 64 in flight, to a node with a full table',
  sides: ['reference', 'engine', 'floor'],
  rounds: [4, 3],
  rows: [
    {
      title: 'FIND_NODE served with a full table: CPU per request',
      figure: 'cpu',
      unit: 'µs',
      better: 'less',
      must: { atMost: 0.95, of: 'floor' },
      aim: { atMost: 0.8, of: 'floor' }
    }
  ],
  round: (side, memory) => serve(side, memory, 'find-node')
}
