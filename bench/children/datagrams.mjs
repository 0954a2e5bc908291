// Messages from one UDX socket to one of another process. Options: `file`, what has the class UDX, and
// `to`, the port of the process that receives; it is the one that has none. Who receives says its port, and
// answers each 64th message. Who sends says that it is ready; then, for each `{ bytes, ms }`, it sends 64 at a time,
// and the next when they were answered, and says `{ done, ms, cpu }`.
import { createRequire } from 'node:module'
import { options, timed } from './support.mjs'

const HOST = '127.0.0.1'
const AT_ONCE = 64
const PATIENCE = 200 // ms, after which some are lost

const UDX = createRequire(import.meta.url)(options.file)
const socket = new UDX().createSocket()
socket.bind(0, HOST)

if (options.to) {
  process.on('message', async ({ bytes, ms }) => process.send(await keepSending(bytes, ms)))
  process.send('ready')
} else {
  let count = 0
  socket.on('message', (_, { host, port }) => {
    if (++count % AT_ONCE === 0) socket.trySend(Buffer.alloc(1), port, host)
  })
  process.send(socket.address().port)
}

async function keepSending(bytes, ms) {
  const message = Buffer.alloc(bytes, 1)
  let onanswer = null
  socket.on('message', () => onanswer())
  let done = 0
  const used = await timed(async () => {
    for (const end = performance.now() + ms; performance.now() < end; done += AT_ONCE) {
      const answer = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('Messages were lost')), PATIENCE)
        onanswer = () => resolve(clearTimeout(timer))
      })
      const sent = Array.from({ length: AT_ONCE }, () => socket.send(message, options.to, HOST))
      await Promise.all([answer, ...sent])
    }
  })
  socket.removeAllListeners('message')
  return { ...used, done }
}
