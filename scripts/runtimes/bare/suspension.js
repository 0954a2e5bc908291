'use strict'

// The runtime's own suspension: it idles once the nodes are suspended, and they are there again after it.

const DHT = require(Bare.argv[2])
const { HOST, equal, node } = require('../support')

const seen = []

main()

async function main() {
  const server = await node(DHT, { ephemeral: false })
  server.on('request', (req) => req.reply(req.value))
  const to = { host: HOST, port: server.localAddress().port }
  const client = await node(DHT, { bootstrap: [to] })
  const nodes = [server, client]

  Bare.on('suspend', () => {
    seen.push('suspend')
    for (const each of nodes) each.suspend()
  })
  Bare.on('idle', () => {
    seen.push('idle', ...nodes.map(({ suspended }) => suspended))
    Bare.resume()
  })
  Bare.on('resume', async () => {
    seen.push('resume')
    for (const each of nodes) await each.resume()
    equal(seen, ['suspend', 'idle', true, true, 'resume'], 'it idles when the nodes are suspended')
    const { value } = await client.request({ command: 1, value: Buffer.from('back') }, to)
    equal(value.toString(), 'back', 'they answer after it')
    for (const each of nodes) await each.destroy()
  })
  Bare.suspend()
}
