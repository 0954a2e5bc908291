// slow: many processes, some of which wait for a timeout

const { describe, test } = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { freePort, hold } = require('./helpers/network')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')
const { decodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const HEAD = `
const DHT = require(process.argv[1])
const HOST = '127.0.0.1'
const opts = { host: HOST, bootstrap: [] }
const to = (node) => ({ host: HOST, port: node.localAddress().port })
const network = async (n) => {
  const nodes = Array.from({ length: n }, () => new DHT(opts))
  await Promise.all(nodes.map((node) => node.bind()))
  for (const node of nodes) node.on('request', (req) => req.reply(req.value))
  return nodes
};
`

// An unref'd timer only fires while something else keeps the process.
const STAYS = `setTimeout(() => { console.log('stays'); process.exit(7) }, 500).unref();`

describe('process exit', { concurrency: 2 }, () => {
  for (const { name, path } of packages) {
    async function ends(body, expected = { code: 0, stdout: '' }) {
      const { code, signal, stdout, stderr, ms } = await run(HEAD + body, [path])
      assert.strictEqual(stderr, '')
      assert.deepStrictEqual({ code, stdout }, expected)
      assert.strictEqual(signal, null)
      assert.ok(ms < 15000)
    }

    test(`${name}: loading the package keeps no process`, () => ends(''))

    test(`${name}: a live node keeps its process`, () =>
      ends(`new DHT(opts); ${STAYS}`, { code: 7, stdout: 'stays\n' }))

    test(`${name}: one of two nodes is enough`, () =>
      ends(`new DHT(opts).destroy(); new DHT(opts); ${STAYS}`, { code: 7, stdout: 'stays\n' }))

    test(`${name}: destroyed nodes do not`, () =>
      ends(`network(5).then(async (nodes) => {
        await Promise.all(nodes.map((node) => node.fullyBootstrapped()))
        await Promise.all(nodes.slice(1).map((node) => node.ping(to(nodes[0]))))
        for (const node of nodes) node.destroy()
      })`))

    test(`${name}: nor a node that is destroyed at once`, () => ends(`new DHT(opts).destroy()`))

    test(`${name}: nor one that is destroyed with requests in flight`, () =>
      ends(`network(1).then(([node]) => {
        for (let i = 0; i < 50; i++) node.ping({ host: HOST, port: 9 }).catch(() => {})
        node.destroy()
      })`))

    test(`${name}: a process may destroy and start anew`, () =>
      ends(
        `(async () => {
        for (let i = 0; i < 5; i++) {
          const [one, two] = await network(2)
          await one.ping(to(two))
          await Promise.all([one.destroy(), two.destroy()])
        }
        console.log('done')
      })()`,
        { code: 0, stdout: 'done\n' }
      ))

    test(`${name}: a suspended node keeps no process`, () =>
      ends(`network(2).then(async ([one, two]) => {
        await one.ping(to(two))
        await Promise.all([one.suspend(), two.suspend()])
      })`))

    test(`${name}: a resumed one does`, () =>
      ends(
        `network(1).then(async ([node]) => {
        await node.suspend()
        await node.resume()
        ${STAYS}
      })`,
        { code: 7, stdout: 'stays\n' }
      ))

    test(`${name}: process.exit() before anything is bound`, () =>
      ends(`new DHT(opts); process.exit(3)`, { code: 3, stdout: '' }))

    test(`${name}: process.exit() with live nodes and requests in flight`, () =>
      ends(
        `network(8).then(async (nodes) => {
        for (const from of nodes) {
          for (const node of nodes) from.request({ command: 1, value: Buffer.alloc(100) }, to(node))
          from.ping({ host: HOST, port: 9 })
          from.findNode(Buffer.alloc(32)).resume()
        }
        await nodes[0].ping(to(nodes[1]))
        process.exit(4)
      })`,
        { code: 4, stdout: '' }
      ))

    test(`${name}: process.exit() within a request handler`, () =>
      ends(
        `network(2).then(([one, two]) => {
        two.prependListener('request', () => process.exit(5))
        one.request({ command: 1 }, to(two))
      })`,
        { code: 5, stdout: '' }
      ))

    test(`${name}: a signal ends it`, async () => {
      const source = `${HEAD} network(2).then(() => process.kill(process.pid, 'SIGTERM'))`
      const { code, signal, stderr } = await run(source, [path])
      assert.deepStrictEqual([code, signal, stderr], [null, 'SIGTERM', ''])
    })
  }

  for (const { name, path } of natives) {
    test(`${name}: nor does the time that is set for what is over`, async () => {
      const source = `${HEAD} network(3).then(async ([one, two, three]) => {
        const opts = { timeout: 60000, signal: new AbortController().signal }
        one.ping({ host: HOST, port: 9 }, opts).catch(() => {})
        one.query({ target: Buffer.alloc(32), command: 1 }, opts).resume().on('error', () => {})
        await two.ping(to(three), opts)
        await two.suspend()
        two.fullyBootstrapped(opts)
        one.destroy()
        three.destroy()
      })`
      const { code, stderr, ms } = await run(source, [path])
      assert.deepStrictEqual([code, stderr], [0, ''])
      assert.ok(ms < 15000)
    })

    test(`${name}: what is asked while the process exits leaves, whatever may give it up`, async (t) => {
      const peer = await RawPeer.create(t)
      const source = `${HEAD} network(1).then(([node]) => {
        const peer = { host: HOST, port: ${peer.port} }
        process.on('exit', () => {
          node.request({ command: 1 }, peer, { timeout: 60000 })
          node.session().request({ command: 2 }, peer)
          node.request({ command: 3 }, peer)
        })
        process.exit(0)
      })`
      await run(source, [path])
      await until(() => peer.received.length === 3, 'all that was asked')
      const commands = peer.received.map(({ data }) => decodeRequest(data).command)
      assert.deepStrictEqual(commands, [1, 2, 3])
    })

    test(`${name}: a node that could not bind keeps no process once destroyed`, async (t) => {
      const taken = await freePort()
      await hold(t, taken)
      const source = `${HEAD}
        const node = new DHT({ ...opts, port: ${taken}, anyPort: false })
        node.on('close', () => console.log('close'))
        node.fullyBootstrapped().catch((err) => {
          console.log(err.code)
          node.destroy()
        })`
      const { code, stdout, stderr } = await run(source, [path])
      assert.deepStrictEqual([code, stdout, stderr], [0, 'EADDRINUSE\nclose\n', ''])
    })
  }
})
