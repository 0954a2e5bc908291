'use strict'

const { attempt, show, yesNo } = require('./describe')
const { HOST, silent } = require('./world')

const TARGET = Buffer.alloc(32, 7)

module.exports = {
  title: 'Requests, replies, sessions',
  probes: [incoming, replies, foreign, calls, sessions].map(between)
}

function between(probe) {
  return async (row, world) => {
    const server = await world.persistent()
    const client = await world.persistent()
    await probe(row, client, { host: HOST, port: server.localAddress().port }, server)
  }
}

async function incoming(row, client, to, server) {
  const bare = await received(server, () => client.request({ command: 5 }, to))
  const whole = await received(server, (token) =>
    client.request({ command: 5, target: TARGET, value: Buffer.from('v'), token }, to)
  )
  const parts = ({ token, target, value }) => [token, target, value].map(show).join(', ')
  row('token, target, value of a bare request', parts(bare))
  row('token, target, value of a whole one', parts(whole))
  row('req.from', show(bare.from))
  row('req.from.id of a persistent node', show(bare.from.id))
  row('req.from.id owns its bytes', yesNo(bare.from.id.buffer.byteLength === 32))
  row('req.to', show(bare.to))
  row('req.socket is the server socket', yesNo(bare.socket === server.io.serverSocket))
  row('onrequest() without a listener', String(server.onrequest(bare)))

  const answers = {
    'reply to port 0': (req) => req.reply(null, { to: { host: HOST, port: 0 } }),
    'reply to an odd host': (req) => req.reply(null, { to: { host: 'nowhere', port: 1 } }),
    'relay to port 0': (req) => req.relay(null, { host: HOST, port: 0 }),
    'reply()': (req) => req.reply(),
    'error()': (req) => req.error(20)
  }
  for (const [name, answer] of Object.entries(answers)) {
    row(name, await attempt(() => answer(bare)))
  }
}

// The request as it comes in. call(token) makes it.
async function received(server, call) {
  const { token } = await withHandler(
    server,
    (req) => req.reply(null),
    () => call(null)
  )
  let found = null
  await withHandler(
    server,
    (req) => {
      found = req
      req.reply(null)
    },
    () => call(token)
  )
  return found
}

async function withHandler(server, handler, call) {
  server.on('request', handler)
  try {
    return await call()
  } finally {
    server.removeListener('request', handler)
  }
}

async function replies(row, client, to, server) {
  const message = { command: 5, target: TARGET }
  const ask = (handler) => withHandler(server, handler, () => client.request(message, to))
  const reply = await ask((req) => req.reply(Buffer.from('v')))
  row('reply', show(reply))
  row('reply.from', show(reply.from))
  row('reply.to', show(reply.to))
  row('reply.closerNodes[0]', show(reply.closerNodes[0]))
  row('reply.closerNodes[0].id', show(reply.closerNodes[0].id))

  const variants = {
    'reply(null)': (req) => req.reply(null),
    'reply(undefined)': (req) => req.reply(),
    'reply(empty)': (req) => req.reply(Buffer.alloc(0)),
    'reply(v, { token: false })': (req) => req.reply(null, { token: false }),
    'reply(v, { closerNodes: false })': (req) => req.reply(null, { closerNodes: false }),
    'error(20)': (req) => req.error(20),
    'error(20, { token: true })': (req) => req.error(20, { token: true }),
    'error(0)': (req) => req.error(0),
    'sendReply(21, null, true, false)': (req) => req.sendReply(21, null, true, false),
    'after an await': (req) => Promise.resolve().then(() => req.reply(null))
  }
  for (const [name, handler] of Object.entries(variants)) row(name, summary(await ask(handler)))
  row('nobody takes it', summary(await client.request(message, to)))
}

function summary({ error, token, value, closerNodes }) {
  return JSON.stringify({
    error,
    token: show(token),
    value: show(value),
    closerNodes: closerNodes !== null
  })
}

// A socket of the user's: what it is sent, and what it is given.
async function foreign(row, client, near, server) {
  const sent = []
  const socket = { trySend: (...args) => sent.push(args) }
  const to = { host: '127.0.0.9', port: 4321 }
  const pending = client.ping(to, { socket, retry: false })
  row('ping({ socket }): sent at once', `${sent.length} datagram`)
  row('ping({ socket }): trySend', show(sent[0]) && sent[0].map((arg) => typeof arg).join(', '))
  const [buffer] = sent[0]
  const reply = Buffer.concat([Buffer.from([0x13, 0]), buffer.subarray(2, 4), Buffer.alloc(6)])
  client.onmessage(socket, reply, to)
  row('onmessage(): a reply', await attempt(() => pending))

  const request = Buffer.concat([Buffer.from([0x03, 0, 1, 0]), Buffer.alloc(6), Buffer.from([5])])
  const deliver = (from) => {
    let req = null
    const handler = (found) => (req = found)
    server.on('request', handler)
    server.onmessage(from, request, to)
    server.removeListener('request', handler)
    return req
  }
  row('onmessage(): the request comes at once', yesNo(deliver(socket) !== null))
  row('onmessage(): req.socket is that object', yesNo(deliver(socket).socket === socket))
  const mute = {}
  row('onmessage(): an object without trySend', yesNo(deliver(mute).socket === mute))
  row('onmessage(): null', show(deliver(null).socket))
  row('onmessage(): null, reply', await attempt(() => deliver(null).reply(null)))
  sent.length = 0
  deliver(socket).reply(null)
  row('onmessage(): reply() sends before it returns', `${sent.length} datagram`)
  deliver(socket).relay(null, near)
  row('onmessage(): relay() sends before it returns', `${sent.length} datagrams`)
  row('onmessage(): too short', await attempt(() => server.onmessage(socket, Buffer.alloc(1), to)))
  row('onmessage(): from port 0', show(await portZero(server, socket, request)))
}

async function portZero(server, socket, request) {
  let seen = 0
  const handler = () => seen++
  server.on('request', handler)
  server.onmessage(socket, request, { host: HOST, port: 0 })
  server.removeListener('request', handler)
  return seen === 0
}

async function calls(row, client, to) {
  const { requests, commands } = client.stats
  const before = { total: requests.total, tx: commands.ping.tx, tid: client.io._tid }
  const pinged = client.ping(to)
  row('ping(): stats at once', `${requests.total - before.total}, ${commands.ping.tx - before.tx}`)
  row('ping(): io._tid at once', String((client.io._tid - before.tid + 65536) % 65536))
  row('ping(): io.inflight at once', String(client.io.inflight.length))
  const { token, value, closerNodes, error } = await pinged
  row('ping(): the reply', summary({ token, value, closerNodes, error }))
  row('ping({ size })', summary(await client.ping(to, { size: 100 })))
  row('ping({ ttl })', summary(await client.ping(to, { ttl: 64 })))
  row('delayedPing()', summary(await client.delayedPing(to, 10)))
  row('delayedPing() above the limit', await attempt(() => client.delayedPing(to, 10001)))
}

async function sessions(row, client, to) {
  const session = client.session()
  row('session.dht is the node', yesNo(session.dht === client))
  row('session.inflight: the same array', yesNo(session.inflight === session.inflight))

  const lost = await silent()
  const err = new Error('mine')
  const pings = [session.ping(lost.address), session.request({ command: 1 }, lost.address)]
  const outcomes = Promise.allSettled(pings)
  row('session.inflight with two requests', String(session.inflight.length))
  session.destroy(err)
  row('session.destroy(err): inflight', String(session.inflight.length))
  row(
    'session.destroy(err): rejected with it',
    yesNo((await outcomes).every(({ reason }) => reason === err))
  )
  const again = session.ping(lost.address)
  session.destroy()
  row('session.destroy()', await attempt(() => again))
  row('usable afterwards', await attempt(() => session.ping(to)))
  row(
    'session.query()',
    await attempt(() => session.query({ target: TARGET, command: 1 }).finished())
  )
  await lost.close()
}
