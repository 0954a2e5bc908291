// Pings from one node to another. Options: `inFlight`, `ms`, and `port` if the other node is in
// another process.
import { addressOf, keepGoing, openClient, openNode, options } from './support.mjs'

const WARM_UP = 500 // ms

const port = options.port || addressOf(await openNode()).port
const client = await openClient()
const ping = () => client.ping({ host: '127.0.0.1', port })

await keepGoing(ping, options.inFlight, WARM_UP)
const { done, ms, cpu } = await keepGoing(ping, options.inFlight, options.ms)
process.send({ rate: (done / ms) * 1000, each: (ms * 1000) / done, cpu: cpu / done })
