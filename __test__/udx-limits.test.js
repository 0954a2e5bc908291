const test = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const packages = require('./helpers/udx-packages')
const { lacks } = require('../scripts/needs')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')

const HOST = '127.0.0.1'
const FEW = 96 // descriptors

// What sockets do at their limits.
for (const { name, file } of packages) {
  test(`${name}: without descriptors bind() says so`, { skip: lacks('ulimit') }, async () => {
    const source = `
      const udx = new (require(process.argv[1]))()
      const { once } = require('events')
      async function main() {
        const sockets = []
        const bind = () => {
          const socket = udx.createSocket()
          sockets.push(socket)
          socket.bind(0, '${HOST}')
        }
        let error = null
        while (error === null) {
          try { bind() } catch (err) { error = err }
        }
        const last = sockets.pop()
        const said = [sockets.length > 16, error.code, error.message, last.bound, last.address()]

        // Those that there are go on, and one that is closed makes room.
        const [a, b] = sockets
        const came = once(a, 'message')
        await b.send(Buffer.from('x'), a.address().port)
        await came
        await sockets.pop().close()
        last.bind(0, '${HOST}')
        said.push(last.bound)
        for (const socket of [...sockets, last]) await socket.close()
        console.log(JSON.stringify(said))
      }
      main()`
    const within = ['sh', '-c', `ulimit -n ${FEW} && exec "$0" "$@"`]
    const { stdout, stderr, code } = await run(source, [file], { within })
    assert.deepStrictEqual([stderr, code], ['', 0])
    const expected = [true, 'EMFILE', 'too many open files', false, null, true]
    assert.deepStrictEqual(JSON.parse(stdout), expected)
  })
}

for (const { UDX, bound } of packages.filter(({ name }) => name === 'native')) {
  test('native: what JavaScript does not keep up with is counted', async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    let heard = 0
    a.on('message', () => heard++)
    const { port } = a.address()
    // This thread computes, and another one reads.
    while (udx.packetsDropped === 0) {
      const received = a.packetsReceived
      for (let i = 0; i < 100; i++) b.trySend(Buffer.alloc(1000), port)
      if (received > 1_000_000) assert.fail('nothing was dropped')
    }
    await until(() => heard + udx.packetsDropped === a.packetsReceived, 'the rest')
    assert.ok(heard > 0)
    // It is over with what was over the limit.
    const before = heard
    b.trySend(Buffer.from('after'), port)
    await until(() => heard === before + 1, 'the next one')
  })

  test('native: hundreds of sockets have the receive buffers that the system finds right', async (t) => {
    const plain = dgram.createSocket('udp4')
    t.after(() => plain.close())
    await new Promise((resolve) => plain.bind(0, HOST, resolve))
    const udx = new UDX()
    const sizes = Array.from({ length: 256 }, () => bound(t, udx).getRecvBufferSize())
    assert.deepStrictEqual([...new Set(sizes)], [plain.getRecvBufferSize()])
  })
}
