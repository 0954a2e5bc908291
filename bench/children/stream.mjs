// An end of a stream, or both. Options: `file` of the package, `both`. Says the port of its socket, and
// is told the peer's. Then for each message what it took:
//   { send: bytes }   writes so many, 64 KiB at a time
//   { read: bytes }   until so many came
//   { both: bytes }   both of it, at both ends
//   { echo: true }    from now on what comes goes back
//   { turns: count }  100 bytes there and back, so often
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const HOST = '127.0.0.1'
const PIECE = Buffer.alloc(64 * 1024, 1)
const BALL = Buffer.alloc(100, 1)

const { file, both } = JSON.parse(process.argv[2])
const UDX = createRequire(import.meta.url)(file)

process.on('disconnect', () => process.exit())

const near = open()
const far = both ? open() : near
let unread = 0 // bytes that came and were not waited for yet
let onbytes = null
far.stream.on('data', (data) => {
  unread += data.byteLength
  onbytes?.()
})

if (both) {
  connect(near, far.port)
  connect(far, near.port)
}
process.on('message', async (message) => process.send(await handle(message)))
process.send({ port: near.port })

function open() {
  const udx = new UDX()
  const socket = udx.createSocket()
  socket.bind(0, HOST)
  return { socket, stream: udx.createStream(1), port: socket.address().port }
}

function connect(end, port) {
  end.stream.connect(end.socket, 1, port, HOST)
}

async function handle({ port, send, read, both: bytes, echo, turns }) {
  if (port) return connect(near, port) || null
  if (echo) return far.stream.on('data', (data) => far.stream.write(data)) && null
  if (turns) return timed(() => exchange(turns))
  if (bytes) return timed(() => Promise.all([reading(bytes), sending(bytes)]))
  return timed(() => (send ? sending(send) : reading(read)))
}

// Until the peer has all of it.
async function sending(bytes) {
  for (let left = bytes; left > 0; left -= PIECE.byteLength) {
    const piece = left < PIECE.byteLength ? PIECE.subarray(0, left) : PIECE
    if (!near.stream.write(piece))
      await new Promise((resolve) => near.stream.once('drain', resolve))
  }
  await near.stream.flush()
}

// What came before anybody asked counts: the writer may be faster than the question.
function reading(bytes) {
  return new Promise((resolve) => {
    onbytes = () => {
      if (unread < bytes) return
      unread -= bytes
      onbytes = null
      resolve()
    }
    onbytes()
  })
}

function exchange(turns) {
  let left = turns
  const { stream } = near
  return new Promise((resolve) => {
    stream.on('data', function ondata() {
      if (--left > 0) return stream.write(BALL)
      stream.removeListener('data', ondata)
      resolve()
    })
    stream.write(BALL)
  })
}

// The time in ms, the CPU of the process and that of this thread in µs.
async function timed(work) {
  const thread = threadTime()
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { ms, cpu: user + system, thread: threadTime() - thread }
}

function threadTime() {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1000
}
