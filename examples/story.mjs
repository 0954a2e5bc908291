// The article's story in one terminal: a bootstrap node, 100 nodes, a write committed to the 20 nodes
// closest to its key, a read by a fresh client. Ends by itself; the exit code tells whether it held.
import { createHash } from 'node:crypto'
import { freePort, loadDHT } from './support.mjs'
import { drawBuckets, drawHolders, drawProgress, seconds } from './drawing.mjs'

const HOST = '127.0.0.1'
const NODES = 100
const COPIES = 20
const READ_OR_WRITE = 0
const NOT_OURS = 20

const DHT = loadDHT()
setTimeout(giveUp, 20_000).unref()

const bootstrap = DHT.bootstrapper(await freePort(HOST), HOST, { host: HOST })
await bootstrap.fullyBootstrapped()
const entry = `${HOST}:${bootstrap.address().port}`
console.log(`A bootstrap node listens on ${entry}. ${NODES} nodes join it.\n`)

const members = await join()
console.log('\nHow full the buckets of the bootstrap node are:\n')
console.log(drawBuckets(bootstrap.id, bootstrap.table.toArray()))

const key = createHash('sha256').update('data key').digest()
await write()
await read()

const holders = members.filter((member) => member.values.has(key.toString('hex')))
const ranking = members.map((member) => member.node.id)
console.log(`\nThe nodes that hold it, nearest to the key first:\n`)
console.log(
  drawHolders(
    key,
    holders.map((member) => member.node.id),
    ranking
  )
)

await Promise.all(
  [bootstrap, ...members.map((member) => member.node)].map((node) => node.destroy())
)
console.log(`\n${holders.length} of ${NODES} nodes hold the value. All nodes are closed.`)
process.exitCode = holders.length === COPIES ? 0 : 1

async function join() {
  const start = performance.now()
  const members = Array.from({ length: NODES }, createMember)
  let up = 0
  drawProgress(up, NODES, start)
  await Promise.all(
    members.map(async ({ node }) => {
      await node.fullyBootstrapped()
      drawProgress(++up, NODES, start)
    })
  )
  return members
}

function createMember() {
  const values = new Map()
  const node = new DHT({ bootstrap: [entry], host: HOST, ephemeral: false })
  node.on('request', (req) => {
    if (req.command !== READ_OR_WRITE || req.target === null) return req.error(NOT_OURS)
    const name = req.target.toString('hex')
    if (req.token) values.set(name, req.value) // only a commit carries a token
    req.reply(values.get(name))
  })
  return { node, values }
}

async function write() {
  const client = new DHT({ bootstrap: [entry], host: HOST })
  await client.fullyBootstrapped()
  const start = performance.now()
  const value = Buffer.from('write me!')
  const query = client.query({ target: key, command: READ_OR_WRITE, value }, { commit: true })
  await query.finished()
  console.log(`\nA client wrote '${value}' under sha256('data key') in ${seconds(start)},`)
  console.log(`committed to the ${query.closestNodes.length} closest nodes.`)
  await client.destroy()
}

async function read() {
  const client = new DHT({ bootstrap: [entry], host: HOST })
  await client.fullyBootstrapped()
  const start = performance.now()
  let replies = 0
  for await (const reply of client.query({ target: key, command: READ_OR_WRITE })) {
    replies++
    if (!reply.value) continue
    console.log(`A fresh client read '${reply.value}' in ${seconds(start)} from reply ${replies},`)
    console.log(`by node ${reply.from.id.toString('hex').slice(0, 8)} on port ${reply.from.port}.`)
    break
  }
  await client.destroy()
}

function giveUp() {
  console.error('The story did not come to its end within 20 s.')
  process.exit(1)
}
