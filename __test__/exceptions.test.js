// slow: many processes end by an exception

const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { freePort } = require('./helpers/network')
const { run } = require('./helpers/child')

const HEAD = `
const DHT = require(process.argv[1])
const HOST = '127.0.0.1'
const opts = { host: HOST, bootstrap: [] }
const uncaught = []
if (!process.argv[2]) process.on('uncaughtException', (err) => uncaught.push(err.message))
const server = new DHT(opts)
const client = new DHT(opts)
const to = () => ({ host: HOST, port: server.localAddress().port })
const say = (result) => console.log(JSON.stringify({ ...result, uncaught }))
const finish = () => Promise.all([server.destroy(), client.destroy()]);
`

for (const { name, path } of packages) {
  test(`${name}: a handler that throws is an uncaught exception and loses nothing`, async () => {
    const { values, uncaught } = await said(
      path,
      `
      await server.bind()
      server.on('request', (req) => {
        if (req.value[0] % 3 === 0) throw new Error('handler ' + req.value[0])
        req.reply(req.value)
      })
      const requests = Array.from({ length: 12 }, (_, i) =>
        client.request({ command: 1, value: Buffer.from([i]) }, to(), { retry: false })
      )
      const outcomes = await Promise.allSettled(requests)
      say({ values: outcomes.map(({ value, reason }) => value ? value.value[0] : reason.code) })
      await finish()
    `
    )

    const lost = 'REQUEST_TIMEOUT'
    assert.deepStrictEqual(values, [lost, 1, 2, lost, 4, 5, lost, 7, 8, lost, 10, 11])
    assert.deepStrictEqual(uncaught.sort(), ['handler 0', 'handler 3', 'handler 6', 'handler 9'])
  })

  test(`${name}: a map that throws`, async () => {
    const { uncaught, later } = await said(
      path,
      `
      server.on('request', (req) => req.reply(Buffer.from('fine')))
      await server.bind()
      const query = client.query(
        { target: Buffer.alloc(32), command: 1 },
        { nodes: [to()], map () { throw new Error('map') } }
      )
      query.on('error', () => {})
      query.resume()
      while (uncaught.length === 0 && !query.destroyed) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      const reply = await client.request({ command: 1 }, to())
      say({ later: reply.value.toString() })
      query.destroy()
      await finish()
    `
    )

    assert.deepStrictEqual(uncaught, ['map'])
    assert.strictEqual(later, 'fine')
  })

  test(`${name}: nobody catches it: the process ends`, async () => {
    const source = `${HEAD}
      server.on('request', () => { throw new Error('nobody catches this') })
      server.bind().then(() => client.request({ command: 1 }, to()).catch(() => {}))
    `
    const { code, signal, stderr } = await run(source, [path, 'uncaught'])

    assert.deepStrictEqual([code, signal], [1, null])
    assert.match(stderr, /Error: nobody catches this/)
  })
}

for (const { name, path } of natives) {
  test(`${name}: listeners of events that throw take no reply with them`, async () => {
    const port = await freePort()
    const { seen, replied, uncaught } = await said(
      path,
      `
      const seen = []
      for (const event of ['add-node', 'nat-update']) {
        client.on(event, () => {
          seen.push(event)
          throw new Error(event)
        })
      }
      const known = DHT.bootstrapper(${port}, HOST, { host: HOST })
      await known.fullyBootstrapped()
      const replied = await client.ping({ host: HOST, port: ${port} })
      await known.destroy()
      await finish()
      say({ seen, replied: replied.from.port })
    `
    )

    assert.strictEqual(replied, port)
    assert.deepStrictEqual(seen.sort(), ['add-node', 'nat-update'])
    assert.deepStrictEqual(uncaught.sort(), seen)
  })

  test(`${name}: a socket of the user's that throws harms nobody`, async () => {
    const { pong, uncaught } = await said(
      path,
      `
      await server.bind()
      const socket = { trySend() { throw new Error('closed') } }
      const ping = Buffer.from('030401007f000001000000', 'hex')
      try {
        server.onmessage(socket, ping, { host: HOST, port: 9 })
      } catch (err) {
        uncaught.push(err.message)
      }
      while (uncaught.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      const pong = await client.ping(to())
      say({ pong: pong.error })
      await finish()
    `
    )

    assert.strictEqual(pong, 0)
    assert.deepStrictEqual(uncaught, ['closed'])
  })
}

async function said(path, body) {
  const source = `${HEAD} main(); async function main() {${body}}`
  const { code, stdout, stderr } = await run(source, [path])
  assert.deepStrictEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}
