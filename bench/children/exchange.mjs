// Requests or pings from a client that was told of a node, in this process or in another. Options:
// `bytes` (none: pings), and `port` if the node is in another process. Says that it is ready, then
// for each `{ inFlight, ms }` keeps as many going, and sends `{ done, ms, cpu, each }`: how many,
// in how long, the CPU in µs, and the median time of one in µs.
import { addressOf, openClient, openNode, options, timed } from './support.mjs'

const SAMPLE = 16 // one in so many is timed

const port = options.port || (await openHere())
const client = await openClient()
const to = { host: '127.0.0.1', port }
const value = options.bytes === undefined ? null : Buffer.alloc(options.bytes, 1)
const exchange = value ? () => client.request({ command: 1, value }, to) : () => client.ping(to)

const reply = await exchange()
if (value && !reply.value.equals(value)) throw new Error('The reply is not the value that was sent')
process.on('message', async ({ inFlight, ms }) => process.send(await keepGoing(inFlight, ms)))
process.send('ready')

async function openHere() {
  const server = await openNode()
  server.on('request', (req) => req.reply(req.value))
  return addressOf(server).port
}

async function keepGoing(inFlight, ms) {
  const times = []
  let done = 0
  const used = await timed(async () => {
    const end = performance.now() + ms
    const lane = async () => {
      for (let start = performance.now(); start < end; start = performance.now()) {
        await exchange()
        if (++done % SAMPLE === 0) times.push(performance.now() - start)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
  })
  times.sort((a, b) => a - b)
  return { ...used, done, each: times[times.length >> 1] * 1000 }
}
