'use strict'

// Twenty nodes and a query, with nothing of Node's at hand.

const DHT = require(Bare.argv[2])
const { HOST, equal, node, port } = require('../support')

const ABSENT = ['process', 'performance', 'AbortController']

main()

async function main() {
  equal(
    ABSENT.filter((name) => name in globalThis),
    [],
    "Node's globals"
  )
  const bootstrapper = DHT.bootstrapper(await port(DHT), HOST, { host: HOST })
  await bootstrapper.fullyBootstrapped()
  const bootstrap = [{ host: HOST, port: bootstrapper.address().port }]
  const nodes = await Promise.all(
    Array.from({ length: 20 }, () => node(DHT, { bootstrap, ephemeral: false }))
  )
  for (const each of [bootstrapper, ...nodes]) {
    each.on('request', (req) => req.reply(each.id))
  }

  const client = await node(DHT, { bootstrap })
  const query = client.query({ target: nodes[7].id, command: 1 })
  const values = []
  for await (const { value } of query) values.push(value.toString('hex'))
  equal(values.includes(nodes[7].id.toString('hex')), true, 'the node looked for has answered')
  equal(query.closestReplies[0].from.id.equals(nodes[7].id), true, 'it is the closest one')

  for (const each of [client, ...nodes, bootstrapper]) await each.destroy()
}
