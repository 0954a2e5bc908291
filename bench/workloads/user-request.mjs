import { serve } from '../lib/served.mjs'

export default {
  name: 'user-request',
  description:
    'Requests of 32 bytes from another process, 64 in flight; a JavaScript handler replies with ' +
    'the 32 bytes, a token and 20 closer nodes',
  sides: ['reference', 'engine', 'floor'],
  rounds: [7, 3],
  rows: [
    {
      title: 'user request answered by a handler: CPU of the process',
      figure: 'cpu',
      unit: 'µs',
      better: 'less',
      must: { atMost: 0.55, of: 'reference' },
      aim: { atMost: 0.4, of: 'reference' }
    },
    {
      title: 'the same: CPU of the JavaScript thread',
      figure: 'thread',
      unit: 'µs',
      better: 'less',
      must: { atMost: 0.18, of: 'reference' },
      aim: null
    }
  ],
  round: (side, memory) => serve(side, memory, 'user')
}
