'use strict'

// What Node has modules for and Bare has not: names of hosts, names of the system's errors.

const DHT = require(Bare.argv[2])
const { HOST, equal, node } = require('../support')

main()

async function main() {
  const holder = await node(DHT)
  const { port } = holder.localAddress()
  const found = await holder.udx.lookup('localhost', { family: 4 })
  equal(found, { host: HOST, family: 4 }, 'localhost is looked up')
  const failure = await holder.udx.lookup('no.such.name.invalid').catch((err) => err.code)
  equal(failure, 'EAI_NONAME', 'a name that there is not')

  const late = new DHT({ host: HOST, bootstrap: [], port, anyPort: false })
  equal(await late.bind().catch((err) => err.code), 'EADDRINUSE', 'a port that is taken')
  await late.destroy()
  await holder.destroy()
}
