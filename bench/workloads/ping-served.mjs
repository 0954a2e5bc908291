import { serve } from '../lib/served.mjs'

export default {
  name: 'ping-served',
  description: 'PING from another process, 64 in flight: CPU of the process that answers',
  sides: ['reference', 'engine', 'floor'],
  rounds: [4, 3],
  rows: [
    {
      title: 'PING served: CPU per request',
      figure: 'cpu',
      unit: 'µs',
      better: 'less',
      must: { atMost: 0.95, of: 'floor' },
      aim: { atMost: 0.8, of: 'floor' }
    }
  ],
  round: (side, memory) => serve(side, memory, 'ping')
}
