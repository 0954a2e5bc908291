const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { Rig, pairings, packages, closed, collectData, errorOf } = require('./helpers/udx-rig')
const { turns } = require('./helpers/until')

// The ends are of either package.
for (const { name, left, right } of pairings) {
  const pair = (t, opts) => new Rig(t).pair(left.UDX, right.UDX, opts)

  test(`${name}: bytes both ways`, async (t) => {
    const [a, b] = pair(t)
    const sent = Buffer.alloc(6_000_000, (i) => i * 13)
    const both = [collectData(a), collectData(b)]
    const over = closed(a, b)
    a.end(sent)
    b.end(sent.subarray(1000))
    const [here, there] = await Promise.all(both)
    assert.ok(here.equals(sent.subarray(1000)) && there.equals(sent))
    await over
  })

  test(`${name}: one half, then the other`, async (t) => {
    const [a, b] = pair(t)
    const received = collectData(b)
    b.end()
    await once(a.resume(), 'end')
    for (let i = 0; i < 50; i++) {
      a.write(Buffer.alloc(2000, i))
      await turns(1)
    }
    a.end('!')
    assert.strictEqual((await received).byteLength, 100_001)
    await closed(a, b)
  })

  test(`${name}: 100 ends at the same time`, async (t) => {
    const rig = new Rig(t)
    const over = []
    for (let i = 0; i < 100; i++) {
      const [a, b] = rig.pair(left.UDX, right.UDX)
      a.resume()
      b.resume()
      over.push(closed(a, b))
      a.end('x')
      if (i % 2 === 0) await turns(1)
      b.end()
    }
    await Promise.all(over)
  })

  test(`${name}: destroy() in the midst`, async (t) => {
    const [a, b] = pair(t)
    const reset = errorOf(b)
    b.once('data', () => a.destroy())
    a.write(Buffer.alloc(3_000_000))
    assert.strictEqual((await reset).code, 'ECONNRESET')
  })

  test(`${name}: messages`, async (t) => {
    const [a, b] = pair(t)
    b.on('message', (message) => b.trySend(message))
    for (const text of ['hello', '', 'x'.repeat(1000)]) {
      const came = once(a, 'message')
      a.trySend(Buffer.from(text))
      assert.strictEqual(String((await came)[0]), text)
    }
  })

  test(`${name}: ping-pong`, async (t) => {
    const [a, b] = pair(t)
    b.pipe(b)
    for (let i = 0; i < 500; i++) {
      a.write(`${i}`)
      assert.strictEqual(String((await once(a, 'data'))[0]), `${i}`)
    }
    assert.ok(a.retransmits <= 50)
  })

  test(`${name}: the second learns of the first by its firewall`, async (t) => {
    const rig = new Rig(t)
    const a = rig.end(new left.UDX(), 1)
    const b = rig.end(new right.UDX(), 2, {
      firewall(socket, port, host) {
        this.connect(socket, 1, port, host)
        return false
      }
    })
    b.stream.pipe(b.stream)
    const received = collectData(a.stream)
    a.stream.connect(a.socket, 2, b.socket.address().port)
    a.stream.end(Buffer.alloc(400_000, 'knock'))
    assert.ok((await received).equals(Buffer.alloc(400_000, 'knock')))
  })

  test(`${name}: to another socket in the midst`, async (t) => {
    const rig = new Rig(t)
    const udx = new left.UDX()
    const a = rig.end(udx, 1, { firewall: () => false })
    const other = rig.socket(udx)
    const b = rig.end(new right.UDX(), 2, { firewall: () => false })
    rig.connect(a, b)
    let bytes = 0
    let changed = null
    b.stream.on('data', (data) => {
      bytes += data.byteLength
      if (changed === null && bytes > 500_000) {
        changed = a.stream.changeRemote(other, 2, b.socket.address().port)
      }
    })
    a.stream.end(Buffer.alloc(3_000_000))
    await once(b.stream, 'end')
    await changed
    assert.deepStrictEqual([bytes, a.stream.socket], [3_000_000, other])
    b.stream.end()
    a.stream.resume()
    await closed(a.stream, b.stream)
  })

  for (const relay of packages) {
    test(`${name}, by a relay of ${relay.name}`, async (t) => {
      const rig = new Rig(t)
      const [udx, second] = [new relay.UDX(), new relay.UDX()]
      const here = rig.end(udx, 10)
      const there = rig.end(second, 20)
      const a = rig.end(new left.UDX(), 1)
      const b = rig.end(new right.UDX(), 2)
      here.stream.relayTo(there.stream)
      there.stream.relayTo(here.stream)
      rig.connect(a, here)
      rig.connect(there, b)
      b.stream.pipe(b.stream)
      const sent = Buffer.alloc(2_000_000, (i) => i)
      const received = collectData(a.stream)
      const over = closed(a.stream, b.stream)
      a.stream.end(sent)
      assert.ok((await received).equals(sent))
      await over
    })
  }
}
