// A HyperDHT node. Options: `file` of HyperDHT, `bootstrap`, where there is a network; `count`, how many nodes to open.
// Without a network it says where one begins. Then for each message what it took:
//   { listen: true }              says the key that it listens on
//   { connect: key, count }       connects so often, one after the other: the time of each in ms
//   { open: key }                 a connection to stay
//   { send: bytes }               over that, 64 KiB at a time
//   { read: bytes }               until so many came
import { DHT as HyperDHT, options, timed } from './support.mjs'

const HOST = '127.0.0.1'
const PIECE = Buffer.alloc(64 * 1024, 1)

const { bootstrap, count = 1 } = options

const nodes = []
const known = bootstrap ? [bootstrap] : []
const persistent = { ephemeral: false, firewalled: false }
while (nodes.length < count) {
  const opts = bootstrap ? {} : persistent
  const node = new HyperDHT({ host: HOST, bootstrap: [...known], ...opts })
  await node.fullyBootstrapped()
  nodes.push(node)
  if (known.length === 0) known.push({ host: HOST, port: node.address().port })
}
const [node] = nodes
let peer = null
let left = 0
let ondone = null

process.on('message', async (message) => process.send(await handle(message)))
process.send({ bootstrap: known[0] })

function handle({ listen, connect, count, open, send, read }) {
  if (listen) return listening()
  if (connect) return connects(Buffer.from(connect, 'hex'), count)
  if (open) return opening(Buffer.from(open, 'hex'))
  return timed(() => (send ? sending(send) : reading(read)))
}

async function listening() {
  const server = node.createServer((connection) => {
    connection.on('error', () => {})
    connection.on('end', () => connection.end())
    connection.on('data', ondata)
  })
  await server.listen()
  return { key: server.publicKey.toString('hex') }
}

function ondata(data) {
  left -= data.byteLength
  if (left <= 0) ondone?.()
}

async function connects(key, count) {
  const times = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    const connection = await opened(key)
    times.push(performance.now() - start)
    connection.resume().end()
    await new Promise((resolve) => connection.on('close', resolve))
  }
  return times
}

async function opening(key) {
  peer = await opened(key)
  return null
}

async function opened(key) {
  const connection = node.connect(key)
  await new Promise((resolve, reject) => connection.on('open', resolve).on('error', reject))
  return connection
}

async function sending(bytes) {
  for (let more = bytes; more > 0; more -= PIECE.byteLength) {
    const piece = more < PIECE.byteLength ? PIECE.subarray(0, more) : PIECE
    if (!peer.write(piece)) await new Promise((resolve) => peer.once('drain', resolve))
  }
  await peer.rawStream.flush()
}

function reading(bytes) {
  left += bytes
  return new Promise((resolve) => {
    ondone = resolve
    if (left <= 0) resolve()
  })
}
