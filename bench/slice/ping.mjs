// Sequential pings between two nodes of one process.
import { DHT, meter, openNode } from './support.mjs'

const WARM_UP = 3000
const PINGS = 20000

const server = await openNode()
const client = new DHT({ bootstrap: false, host: '127.0.0.1' })
await client.fullyBootstrapped()
const to = { host: '127.0.0.1', port: server.address().port }

for (let i = 0; i < WARM_UP; i++) await client.ping(to)
const used = meter()
const start = process.hrtime.bigint()
for (let i = 0; i < PINGS; i++) await client.ping(to)
const wall = Number(process.hrtime.bigint() - start) / 1000
process.send({ wall: wall / PINGS, cpu: used().cpu / PINGS })
await Promise.all([client.destroy(), server.destroy()])
process.disconnect()
