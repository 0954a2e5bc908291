import { Child } from '../lib/child.mjs'
import { BOTH, UDX_PACKAGES } from '../lib/sides.mjs'

const BYTES = 1000
const WARM_UP = 300 // ms
const MEASURE = 2000 // ms

export default {
  name: 'socket-send',
  description:
    'socket.send() of 64 messages of 1 kB at a time to a socket of another process, the next when they ' +
    'were answered by one; the reference is udx-native',
  sides: BOTH,
  rounds: [7, 3],
  rows: [
    {
      title: '`socket.send()` of 64 messages at a time',
      figure: 'rate',
      unit: '/s',
      better: 'more',
      must: { atLeast: 1.5, of: 'reference' },
      aim: { atLeast: 3, of: 'reference' }
    }
  ],
  async round(side) {
    const file = UDX_PACKAGES[side]
    const receiver = new Child('datagrams', { file })
    try {
      return await send(file, await receiver.next())
    } finally {
      await receiver.end()
    }
  }
}

async function send(file, to) {
  const sender = new Child('datagrams', { file, to })
  try {
    await sender.next()
    await sender.ask({ bytes: BYTES, ms: WARM_UP })
    const { done, ms } = await sender.ask({ bytes: BYTES, ms: MEASURE })
    return { rate: (done / ms) * 1000 }
  } finally {
    await sender.end()
  }
}
