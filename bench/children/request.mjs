// Requests with a value from one node to another of this process, which sends the value back.
// Options: `inFlight`, `ms`, `bytes`.
import { addressOf, keepGoing, openClient, openNode, options } from './support.mjs'

const WARM_UP = 500 // ms

const server = await openNode()
server.on('request', (req) => req.reply(req.value))
const to = addressOf(server)
const client = await openClient()
const value = Buffer.alloc(options.bytes, 1)
const request = () => client.request({ command: 1, value }, to)

const reply = await request()
if (!reply.value.equals(value)) throw new Error('The reply is not the value that was sent')
await keepGoing(request, options.inFlight, WARM_UP)
const { done, ms, cpu } = await keepGoing(request, options.inFlight, options.ms)
process.send({ rate: (done / ms) * 1000, cpu: cpu / done })
