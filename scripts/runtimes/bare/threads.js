'use strict'

// Nodes in threads of Bare's, which end in each way; the main thread's node lives on.

const DHT = require(Bare.argv[2])
const { HOST, equal, node } = require('../support')

const { Thread } = Bare
const COUNT = 3
const REQUESTS = 20 // of each thread before it ends
const WAYS = ['destroy', 'exit', 'terminate']

if (Thread.isMainThread) main()
else inThread(Thread.self.data)

async function main() {
  const server = await node(DHT)
  server.on('request', (req) => req.reply(req.value))
  const to = { host: HOST, port: server.localAddress().port }

  for (const way of WAYS) {
    const shared = new SharedArrayBuffer(4)
    const data = { to, way, shared }
    const threads = Array.from({ length: COUNT }, () => new Thread(__filename, { data }))
    const answered = new Int32Array(shared)
    while (Atomics.load(answered, 0) < COUNT * REQUESTS) await turn()
    if (way === 'terminate') for (const thread of threads) thread.terminate()
    for (const thread of threads) thread.join()
    console.log(`ok threads that end by ${way}`)
  }

  const { value } = await server.request({ command: 1, value: Buffer.from('here') }, to)
  equal(value.toString(), 'here', 'the node of the main thread lives on')
  await server.destroy()
}

async function inThread({ to, way, shared }) {
  const answered = new Int32Array(shared)
  const client = await node(DHT)
  for (let i = 0; i < REQUESTS; i++) await ask()
  if (way === 'destroy') return client.destroy()
  if (way === 'exit') return Bare.exit()
  for (;;) await ask()

  async function ask() {
    await client.request({ command: 1, value: Buffer.alloc(64) }, to)
    Atomics.add(answered, 0, 1)
  }
}

function turn() {
  return new Promise((resolve) => setTimeout(resolve, 1))
}
