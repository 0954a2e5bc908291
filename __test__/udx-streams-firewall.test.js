const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { HOST, Rig, packages, closed } = require('./helpers/udx-rig')
const { FLAGS, rawEnd } = require('./helpers/udx-wire')
const { turns, until } = require('./helpers/until')
const uncaught = require('./helpers/uncaught')

for (const { name, UDX } of packages) {
  test(`${name}: the firewall of an unconnected stream is asked for each packet`, async (t) => {
    const rig = new Rig(t)
    const asked = []
    const firewall = function (...args) {
      asked.push([this, ...args])
      return false
    }
    const { stream, socket } = rig.end(new UDX(), 1, { firewall })
    const raw = await rawEnd(t)
    const { port } = socket.address()
    const seen = []
    stream.on('data', (data) => seen.push(String(data)))
    stream.on('message', (data) => seen.push(`message ${data}`))
    socket.on('message', () => seen.push('stray'))
    const packets = [
      { flags: FLAGS.DATA, seq: 0, payload: Buffer.from('one') },
      { flags: FLAGS.STATE, seq: 1 },
      { flags: FLAGS.HEARTBEAT, seq: 1 },
      { flags: FLAGS.MESSAGE, seq: 1, payload: Buffer.from('two') },
      { flags: FLAGS.DATA, seq: 1, payload: Buffer.from('three') }
    ]
    for (const [i, packet] of packets.entries()) {
      raw.send({ id: 1, ...packet }, port)
      await until(() => asked.length === i + 1, 'the question')
    }
    await until(() => seen.length === 3, 'what passes')
    assert.deepStrictEqual(seen, ['one', 'message two', 'three'])
    const question = [stream, socket, raw.port, HOST, 4]
    assert.deepStrictEqual(asked, Array(5).fill(question))
    assert.deepStrictEqual([stream.connected, socket.idle, raw.packets], [false, true, []])
    stream.connect(socket, 2, raw.port)
    await until(() => raw.packets.length === 1, 'the acknowledgement that is owed')
    const { flags, id, ack } = raw.packets[0]
    assert.deepStrictEqual({ flags, id, ack }, { flags: FLAGS.STATE, id: 2, ack: 2 })
  })

  test(`${name}: a question, the handlers of its packet, the next question`, async (t) => {
    const rig = new Rig(t)
    const log = []
    const firewall = () => {
      log.push('question')
      return false
    }
    const { stream, socket } = rig.end(new UDX(), 1, { firewall })
    const raw = await rawEnd(t)
    const { port } = socket.address()
    stream.on('message', async () => {
      log.push('message')
      await null
      log.push('microtask')
    })
    for (let i = 0; i < 3; i++) raw.send({ flags: FLAGS.MESSAGE, id: 1 }, port)
    await until(() => log.length === 9, 'all')
    const of = ['question', 'message', 'microtask']
    assert.deepStrictEqual(log, [...of, ...of, ...of])
  })

  test(`${name}: who connects in the data handler is not asked again`, async (t) => {
    const rig = new Rig(t)
    let asked = 0
    const firewall = () => {
      asked++
      return false
    }
    const { stream: b, socket } = rig.end(new UDX(), 2, { firewall })
    const a = rig.end(new UDX(), 1)
    a.stream.connect(a.socket, 2, socket.address().port)
    const seen = []
    b.on('data', (data) => {
      seen.push(String(data))
      if (!b.connected) b.connect(socket, 1, a.socket.address().port)
    })
    b.on('end', () => b.end('bye'))
    a.stream.write('hello ')
    a.stream.write('world')
    await once(b, 'data')
    a.stream.end('!')
    assert.strictEqual(String((await once(a.stream, 'data'))[0]), 'bye')
    await closed(a.stream, b)
    assert.deepStrictEqual([asked, seen], [1, ['hello world', '!']])
  })

  test(`${name}: write() and end() of one turn are one question`, async (t) => {
    const rig = new Rig(t)
    let asked = 0
    const firewall = () => {
      asked++
      return false
    }
    const { stream: b, socket } = rig.end(new UDX(), 2, { firewall })
    const a = rig.end(new UDX(), 1)
    a.stream.connect(a.socket, 2, socket.address().port)
    a.stream.write('hello')
    a.stream.end()
    let ended = false
    b.on('end', () => (ended = true))
    assert.strictEqual(String((await once(b, 'data'))[0]), 'hello')
    await turns(3)
    assert.deepStrictEqual([asked, ended], [1, false])
    b.connect(socket, 1, a.socket.address().port)
    b.end()
    a.stream.resume()
    await closed(a.stream, b)
    assert.ok(ended)
  })

  test(`${name}: connect() within the firewall`, async (t) => {
    const rig = new Rig(t)
    const log = []
    const udx = new UDX()
    const b = rig.stream(udx, 2, {
      firewall(socket, port, host) {
        log.push('question')
        this.connect(socket, 1, port, host)
        this.write('welcome')
        return false
      }
    })
    const socket = rig.socket(udx)
    socket.on('busy', () => log.push('busy'))
    b.on('connect', () => log.push('connect'))
    b.on('data', (data) => log.push(`data ${data}`))
    const a = rig.end(new UDX(), 1)
    a.stream.connect(a.socket, 2, socket.address().port)
    a.stream.write('first')
    assert.strictEqual(String((await once(a.stream, 'data'))[0]), 'welcome')
    a.stream.write('second')
    await until(() => log.length === 5, 'all')
    assert.deepStrictEqual(log, ['question', 'busy', 'connect', 'data first', 'data second'])
    assert.deepStrictEqual([b.remotePort, b.remoteHost], [a.socket.address().port, HOST])
  })

  test(`${name}: connect() and a rejection: the packet is lost, the stream is not`, async (t) => {
    const rig = new Rig(t)
    const b = rig.end(new UDX(), 2, {
      firewall(socket, port) {
        this.connect(socket, 1, port)
        return true
      }
    })
    const a = rig.end(new UDX(), 1)
    a.stream.connect(a.socket, 2, b.socket.address().port)
    a.stream.write('again')
    assert.strictEqual(String((await once(b.stream, 'data'))[0]), 'again')
    assert.ok(a.stream.retransmits + a.stream.packetsTransmitted >= 2)
  })

  test(`${name}: what is rejected is swallowed`, async (t) => {
    const rig = new Rig(t)
    let asked = 0
    const firewall = () => {
      asked++
      return 'yes'
    }
    const { stream, socket } = rig.end(new UDX(), 1, { firewall })
    const raw = await rawEnd(t)
    const seen = []
    names(seen, stream, 'data', 'message', 'end', 'error', 'close')
    socket.on('message', (data) => seen.push(String(data)))
    const { port } = socket.address()
    raw.send({ flags: FLAGS.DATA, id: 1, payload: Buffer.from('no') }, port)
    raw.send({ flags: FLAGS.MESSAGE, id: 1, payload: Buffer.from('no') }, port)
    raw.send({ flags: FLAGS.DESTROY, id: 1 }, port)
    raw.socket.send('over', port, HOST)
    await until(() => seen.length > 0 && asked === 3, 'the last')
    assert.deepStrictEqual(seen, ['over'])
    assert.strictEqual(socket.packetsReceived, 4)
    assert.deepStrictEqual([stream.packetsReceived, stream.destroying], [3, false])
  })

  test(`${name}: without a firewall nothing passes`, async (t) => {
    const rig = new Rig(t)
    const { stream, socket } = rig.end(new UDX(), 1)
    const raw = await rawEnd(t)
    const seen = []
    names(seen, stream, 'data', 'message', 'end', 'error', 'close')
    socket.on('message', (data) => seen.push(String(data)))
    const { port } = socket.address()
    raw.send({ flags: FLAGS.DATA, id: 1, payload: Buffer.from('no') }, port)
    raw.send({ flags: FLAGS.DESTROY, id: 1 }, port)
    raw.socket.send('over', port, HOST)
    await until(() => seen.length > 0, 'the last')
    assert.deepStrictEqual(seen, ['over'])
  })

  test(`${name}: a firewall that throws rejects`, async (t) => {
    const rig = new Rig(t)
    const thrown = uncaught(t)
    let asked = 0
    const firewall = () => {
      if (++asked === 1) throw new Error('not now')
      return false
    }
    const { stream, socket } = rig.end(new UDX(), 1, { firewall })
    const raw = await rawEnd(t)
    const seen = []
    stream.on('message', (data) => seen.push(String(data)))
    const { port } = socket.address()
    raw.send({ flags: FLAGS.MESSAGE, id: 1, payload: Buffer.from('one') }, port)
    await until(() => thrown.length === 1, 'the exception')
    raw.send({ flags: FLAGS.MESSAGE, id: 1, payload: Buffer.from('two') }, port)
    await until(() => seen.length === 1, 'the second')
    assert.deepStrictEqual([thrown, seen, asked], [['not now'], ['two'], 2])
  })

  test(`${name}: destroy() within the firewall`, async (t) => {
    const rig = new Rig(t)
    const log = []
    const udx = new UDX()
    const stream = rig.stream(udx, 1, {
      firewall() {
        log.push('question')
        this.destroy()
        return false
      }
    })
    const socket = rig.socket(udx)
    names(log, stream, 'data', 'message', 'error', 'close')
    const raw = await rawEnd(t)
    const { port } = socket.address()
    socket.on('message', () => log.push('stray'))
    raw.send({ flags: FLAGS.MESSAGE, id: 1, payload: Buffer.from('no') }, port)
    await until(() => log.includes('close'), 'its end')
    raw.send({ flags: FLAGS.MESSAGE, id: 1, payload: Buffer.from('no') }, port)
    await until(() => log.length === 3, 'all')
    assert.deepStrictEqual(log, ['question', 'close', 'stray'])
  })

  test(`${name}: a connected one is asked about other sockets, not about other addresses`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const asked = []
    const firewall = (socket, port) => {
      asked.push([socket, port])
      return asked.length === 1
    }
    const { stream, socket } = rig.end(udx, 1, { firewall })
    const other = rig.socket(udx)
    const [raw, stranger] = [await rawEnd(t), await rawEnd(t)]
    stream.connect(socket, 2, raw.port)
    const seen = []
    stream.on('message', (data) => seen.push(String(data)))
    const say = (from, text, to) => {
      const payload = Buffer.from(text)
      from.send({ flags: FLAGS.MESSAGE, id: 1, payload }, to.address().port)
    }
    say(raw, '1', socket)
    say(stranger, '2', socket)
    await until(() => seen.length === 2, 'both')
    say(raw, '3', other)
    say(raw, '4', other)
    await until(() => seen.length === 3, 'the one that passes')
    assert.deepStrictEqual([seen.sort(), asked.length], [['1', '2', '4'], 2])
    for (const question of asked) assert.deepStrictEqual(question, [other, raw.port])
  })

  test(`${name}: packets for nobody are messages of the socket`, async (t) => {
    const rig = new Rig(t)
    const { stream, socket } = rig.end(new UDX(), 1, { firewall: () => false })
    const raw = await rawEnd(t)
    const seen = []
    socket.on('message', (data, from) => seen.push([data.readUInt32LE(4), from.port]))
    raw.send({ flags: FLAGS.DATA, id: 5, payload: Buffer.from('?') }, socket.address().port)
    await until(() => seen.length === 1, 'the message')
    stream.destroy()
    await closed(stream)
    raw.send({ flags: FLAGS.DATA, id: 1, payload: Buffer.from('?') }, socket.address().port)
    await until(() => seen.length === 2, 'that for one which is gone')
    assert.deepStrictEqual(seen, [
      [5, raw.port],
      [1, raw.port]
    ])
  })

  test(`${name}: changeRemote() within the firewall`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const results = []
    const { stream, socket } = rig.end(udx, 1, {
      firewall(other, port, host) {
        results.push(this.changeRemote(other, 3, port, host))
        return false
      }
    })
    const other = rig.socket(udx)
    const [raw, newcomer] = [await rawEnd(t), await rawEnd(t)]
    stream.connect(socket, 2, raw.port)
    const changed = once(stream, 'remote-changed')
    newcomer.send({ flags: FLAGS.MESSAGE, id: 1 }, other.address().port)
    await changed
    assert.deepStrictEqual([stream.socket, stream.remotePort], [other, newcomer.port])
    assert.ok(results[0] === null || results[0] instanceof Promise)
    stream.write('this way')
    await until(() => newcomer.packets.length > 0, 'data by the new way')
    assert.strictEqual(newcomer.packets[0].id, 3)
  })
}

function names(log, emitter, ...events) {
  for (const event of events) emitter.on(event, () => log.push(event))
}
