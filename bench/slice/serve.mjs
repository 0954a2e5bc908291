// A node whose handler answers user requests of 32 bytes with a token and closer nodes, under the
// load of another process (bench/load) with 64 requests in flight.
import { spawn } from 'node:child_process'
import { meter, openNode } from './support.mjs'

const WARM_UP = 50000
const REQUESTS = 300000

const server = await openNode()
for (let i = 0; i < 20; i++) server.addNode({ host: '127.0.0.1', port: 1000 + i })

let answered = 0
let used = null
const load = spawn(process.env.LOAD, [server.address().port], {
  stdio: ['pipe', 'ignore', 'inherit']
})
const result = await new Promise((resolve) => {
  server.on('request', (req) => {
    req.reply(req.value)
    if (++answered === WARM_UP) used = meter()
    if (answered === WARM_UP + REQUESTS) resolve(used())
  })
})
load.stdin.end()
process.send({ cpu: result.cpu / REQUESTS, thread: result.thread / REQUESTS })
await server.destroy()
process.disconnect()
