// Compiled, never run: what the article's programs do, with the types a user would write down.
import DHT from '../../index.js'
import UDX from '../../udx.js'

const bootstrap: DHT = DHT.bootstrapper(10001, '127.0.0.1')
await bootstrap.fullyBootstrapped()

const node = new DHT({ bootstrap: ['localhost:10001'], ephemeral: false })
const id: Buffer | null = node.id

node.on('request', (req) => {
  const command: number = req.command
  const target: Buffer | null = req.target
  const token: Buffer | null = req.token
  const host: string = req.from.host
  if (command !== 0 || !target || !token) return req.error(20)
  req.reply(req.value, { closerNodes: false })
  console.log(host)
})

const target = Buffer.alloc(32)
const query = node.query({ target, command: 0, value: Buffer.from('x') }, { commit: true })
query.on('data', (reply) => {
  const value: Buffer | null = reply.value
  const from: Buffer | null = reply.from.id
  console.log(value, from)
})
await query.finished()

const reply = await node.request({ target, command: 1 }, query.closestNodes[0], { retry: false })
const rtt: number = reply.rtt
const error: number = reply.error

for await (const { value } of node.findNode(target)) console.log(value?.toString())

{
  await using scratch = new DHT({ bootstrap: false })
  await using lookup = scratch.findNode(target)
  await using group = scratch.session()
  console.log(lookup.successes, group.inflight.length)
}

await node.ping({ host: '127.0.0.1', port: 10001 }, { size: 10 })
const listed: { host: string; port: number }[] = node.toArray({ limit: 10 })
await node.destroy()

// @ts-expect-error a target is bytes, not text
node.query({ target: 'abc', command: 0 })
// @ts-expect-error an address needs a port
void node.request({ target, command: 0 }, { host: '127.0.0.1' })

// Names for what a user writes down.
const options: DHT.Options = {
  port: [1, 2],
  filterNode: (peer: DHT.Peer) => peer.port > 1,
  keepVerdicts: false
}
const onevent = (...[req]: DHT.Events['request']): DHT.Address => req.from
const session: DHT.Session = node.session()
const names: DHT.Query<string> = session.query(
  { target, command: 1 },
  { map: (one: DHT.Reply) => one.from.host }
)
const code: DHT.InputErrorCode = 'ERR_INVALID_SESSION'
const oldest: DHT.Node | null = node.nodes.oldest
// @ts-expect-error only a node makes them
void DHT.Query

// What gives up before the end.
const { signal } = new AbortController()
await node.fullyBootstrapped({ signal, timeout: 1000 })
await node.ping({ host: '127.0.0.1', port: 10001 }, { signal: AbortSignal.timeout(10) })
await session.request({ command: 1 }, { host: '127.0.0.1', port: 10001 }, { timeout: 10 })
node.findNode(target, { signal: { aborted: false, addEventListener() {} }, timeout: null })
const few: DHT.TooFewNodesError['code'] = 'TOO_FEW_NODES'
// @ts-expect-error ms are a number
void node.delayedPing({ host: '127.0.0.1', port: 10001 }, 5, { timeout: '10' })

// Sockets of the engine.
const udx = new UDX()
await using shared = new DHT({ bootstrap: false, udx })
const socket: UDX.Socket = udx.createSocket({ reuseAddress: true })
socket.bind(0, '127.0.0.1')
socket.on('message', (buffer: Buffer, from: UDX.SocketAddress) => {
  shared.onmessage(socket, buffer, from)
})
const sent: boolean = await socket.send(Buffer.of(0), 10001, '127.0.0.1', 5)
await shared.ping({ host: '127.0.0.1', port: 10001 }, { socket })
const own: DHT.Socket | null = shared.io.serverSocket
const counted: UDX.Traffic[] = [udx, socket, shared.udx]
// @ts-expect-error a port is a number
socket.bind('10001')

// Streams of the engine.
const firewall: UDX.StreamOptions['firewall'] = function (from, port, host, family) {
  this.connect(from, 2, port, host, { ack: 5 })
  return family === 6
}
const stream: UDX.Stream = udx.createStream(1, { firewall, framed: true, seq: 5 })
stream.connect(socket, 2, 10001, { ack: 0 })
stream.on('data', (data: Buffer) => stream.write(data) && stream.end('over'))
stream.on('remote-changed', () => {})
const changing: Promise<void> | null = stream.changeRemote(socket, 3, 10002, null)
const flushed: boolean = (await stream.flush()) && (await stream.send(Buffer.of(1)))
stream.relayTo(shared.udx.createStream(2))
for await (const chunk of stream) console.log(chunk.byteLength, stream.toJSON().socket?.streams)
for (const one of socket.streams) one.destroy(new Error('mine'))
// @ts-expect-error an id is a number
udx.createStream('1')
// @ts-expect-error bytes or text
stream.write(5)
// @ts-expect-error only a socket of the package
stream.connect({ bind() {} }, 2, 10001)
// @ts-expect-error only a UDX makes them
void new UDX.Stream(udx, 1)
console.log(changing, flushed, stream.rtt + stream.bbrBandwidth)

console.log(sent, own, counted, UDX.isIP('::1'))
console.log(few, id, rtt, error, listed, options, onevent, names, code, oldest)
