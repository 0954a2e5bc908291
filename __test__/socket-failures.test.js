// slow: requests time out while sockets fail

const test = require('node:test')
const assert = require('node:assert')
const os = require('node:os')
const { natives } = require('./helpers/packages')
const { FailingSockets } = require('./helpers/failing-sockets')
const { run } = require('./helpers/child')
const { isolated } = require('../scripts/namespaces')
const { lacks } = require('../scripts/needs')

const NO_COMPILER = lacks('cc')
const NO_NAMESPACE = lacks('namespaces')

const SEND_ERRORS = ['EPERM', 'ENOBUFS', 'EMSGSIZE', 'EAGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'EIO']
const RECEIVE_ERRORS = ['ECONNREFUSED', 'ENETDOWN', 'EIO']

const HEAD = `
const fs = require('fs')
const { execSync } = require('child_process')
const { setTimeout: sleep } = require('timers/promises')
const DHT = require(process.argv[1])
const HOST = '127.0.0.1'
const HASTY = { adaptiveTimeout: { fallback: [50], min: 50, max: 60, jitter: 1 } }
const create = (opts) => new DHT({ host: HOST, bootstrap: [], ...opts })
const to = (node) => ({ host: HOST, port: node.localAddress().port })
const code = (promise) => promise.then(() => 'ok', (err) => err.code)
const say = (value) => console.log(JSON.stringify(value))
// The share of one processor that is used.
const load = async (ms) => {
  const before = process.cpuUsage()
  await sleep(ms)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / ms
}
const until = async (condition, ms = 8000) => {
  const end = performance.now() + ms
  while (!(await condition()) && performance.now() < end) await sleep(5)
  return condition()
}
const fail = (sends, receives = 0) => {
  const fd = fs.openSync(process.env.FAIL_PLAN, 'r+')
  fs.writeSync(fd, Buffer.from(Int32Array.of(sends, receives).buffer), 0, 8, 0)
  fs.closeSync(fd)
}
const failed = () => fs.readFileSync(process.env.FAIL_PLAN).readInt32LE(8)
main().catch((err) => say({ error: err.stack }))
`

// A network with nothing but the loopback.
const ISOLATED = isolated('ip link set lo up')

// A process at rest uses next to nothing, one that spins a whole processor.
const SPINNING = 0.5

for (const { name, path } of natives) {
  test(`${name}: no descriptors left`, { skip: lacks('ulimit') }, async () => {
    const said = await says(
      path,
      `
      const held = []
      const fill = () => {
        try { for (;;) held.push(fs.openSync('/dev/null')) } catch {}
      }
      const free = () => { while (held.length > 0) fs.closeSync(held.pop()) }
      const codes = []

      // Parts of the package are loaded when they are first used, which takes descriptors as well.
      const lib = require('path').join(process.argv[1], '..', 'lib')
      for (const file of fs.readdirSync(lib, { recursive: true })) if (file.endsWith('.js') && !file.includes('bare')) require(lib + '/' + file)

      // There is no poll yet, and none can be made.
      fill()
      try { create() } catch (err) { codes.push(err.code) }
      free()
      const node = create()
      fill()
      codes.push(await code(node.fullyBootstrapped()), await code(node.bind()))
      codes.push(await code(node.ping({ host: HOST, port: 9 })))
      free()

      // Suspended, and without descriptors when it is to go on.
      const other = create()
      await other.bind()
      await other.suspend()
      fill()
      codes.push(await code(other.resume()), other.suspended, other.localAddress().host === '')
      free()
      await other.resume()
      codes.push(await code(other.ping(to(other))))
      say(codes)
      await Promise.all([node.destroy(), other.destroy()])
    `,
      { within: ['sh', '-c', 'ulimit -n 96 && exec "$0" "$@"'] }
    )
    const coded = ['EMFILE', 'EMFILE', 'EMFILE', 'EMFILE']
    assert.deepStrictEqual(said, [...coded, 'EMFILE', true, false, 'ok'])
  })

  test(
    `${name}: sends that fail are tried again, without haste`,
    { skip: NO_COMPILER },
    async (t) => {
      const numbers = SEND_ERRORS.map((code) => os.constants.errno[code])
      const said = await says(
        path,
        `
      const [server, client] = [create(), create(HASTY)]
      await Promise.all([server.bind(), client.bind()])
      const outcomes = []
      for (const number of ${JSON.stringify(numbers)}) {
        fail(number)
        const before = failed()
        outcomes.push(await code(client.ping(to(server))))
        const lookup = client.findNode(Buffer.alloc(32), { nodes: [to(server)] })
        await code(lookup.finished())
        const share = await load(200)
        // Its later tries succeed.
        const ping = client.ping(to(server))
        fail(0)
        outcomes.push(await code(ping), failed() > before, share < ${SPINNING})
      }
      say(outcomes)
      fail(${numbers[0]})
      await Promise.all([server.destroy(), client.destroy()])
    `,
        { env: FailingSockets.create(t).env }
      )
      const expected = ['REQUEST_TIMEOUT', 'ok', true, true]
      assert.deepStrictEqual(
        said,
        SEND_ERRORS.flatMap(() => expected)
      )
    }
  )

  test(`${name}: receiving fails, without end`, { skip: NO_COMPILER }, async (t) => {
    const numbers = RECEIVE_ERRORS.map((code) => os.constants.errno[code])
    const said = await says(
      path,
      `
      const [server, client, idle] = [create(), create(HASTY), create()]
      await Promise.all([server, client, idle].map((node) => node.bind()))
      const outcomes = []
      for (const number of ${JSON.stringify(numbers)}) {
        fail(0, number)
        outcomes.push(await code(client.ping(to(server))))
        outcomes.push((await load(200)) < ${SPINNING}, failed() > 0)
        fail(0)
        outcomes.push(await code(client.ping(to(server))))
      }
      say(outcomes)
      fail(0, ${numbers[0]})
      await Promise.all([server, client, idle].map((node) => node.destroy()))
    `,
      { env: FailingSockets.create(t).env }
    )
    const expected = ['REQUEST_TIMEOUT', true, true, 'ok']
    assert.deepStrictEqual(
      said,
      RECEIVE_ERRORS.flatMap(() => expected)
    )
  })

  test(`${name}: the network goes away and comes back`, { skip: NO_NAMESPACE }, async () => {
    const said = await says(
      path,
      `
      execSync('ip link add outside type veth peer name inside && ip link set outside up')
      execSync('ip addr add 10.1.1.1/24 dev outside && ip link set inside up')
      const [server, client] = [create(), create(HASTY)]
      const outside = create({ host: '10.1.1.1', ...HASTY })
      let changes = 0
      outside.on('network-change', () => changes++)
      await Promise.all([server, client, outside].map((node) => node.bind()))
      const outcomes = [await code(client.ping(to(server)))]

      execSync('ip addr del 10.1.1.1/24 dev outside && ip link set lo down')
      outcomes.push(await code(client.ping(to(server))))
      outcomes.push(await code(outside.ping({ host: '10.1.1.2', port: 9 })))
      outcomes.push((await load(200)) < ${SPINNING})
      outcomes.push(await until(() => changes > 0))

      execSync('ip link set lo up && ip addr add 10.1.1.1/24 dev outside')
      outcomes.push(await code(client.ping(to(server))))
      const self = { host: '10.1.1.1', port: outside.localAddress().port }
      outcomes.push(await code(outside.ping(self)))
      say(outcomes)
      await Promise.all([server, client, outside].map((node) => node.destroy()))
    `,
      { within: ISOLATED }
    )
    const away = ['REQUEST_TIMEOUT', 'REQUEST_TIMEOUT', true, true]
    assert.deepStrictEqual(said, ['ok', ...away, 'ok', 'ok'])
  })

  test(`${name}: a firewall forbids to send`, { skip: lacks('firewall') }, async () => {
    const said = await says(
      path,
      `
      const [server, client] = [create(), create(HASTY)]
      await Promise.all([server.bind(), client.bind()])
      execSync('nft add table inet wall')
      execSync('nft add chain inet wall out "{ type filter hook output priority 0; policy drop; }"')
      const outcomes = [await code(client.ping(to(server))), (await load(200)) < ${SPINNING}]
      const ping = client.ping(to(server))
      execSync('nft delete table inet wall')
      say([...outcomes, await code(ping)])
      await Promise.all([server.destroy(), client.destroy()])
    `,
      { within: ISOLATED }
    )
    assert.deepStrictEqual(said, ['REQUEST_TIMEOUT', true, 'ok'])
  })

  for (const ending of ['destroy()', 'process.exit()']) {
    test(`${name}: names that are never resolved, ${ending}`, { skip: NO_NAMESPACE }, async () => {
      const said = await says(
        path,
        `
        const silent = require('dgram').createSocket('udp4')
        let asked = 0
        silent.on('message', () => asked++)
        await new Promise((resolve) => silent.bind(53, HOST, resolve))
        const folder = fs.mkdtempSync(require('os').tmpdir() + '/resolv-')
        fs.writeFileSync(folder + '/conf', 'nameserver 127.0.0.1\\noptions timeout:30 attempts:5')
        execSync('mount --bind ' + folder + '/conf /etc/resolv.conf')
        fs.rmSync(folder, { recursive: true })

        // More than may be looked up at a time.
        const names = Array.from({ length: 40 }, (_, i) => \`name-\${i}.example:9\`)
        const waiting = names.map((name) => create({ bootstrap: [name] }))
        const pending = waiting.map((node) => code(node.fullyBootstrapped()))
        const [server, client] = [create(), create()]
        const outcomes = [await until(() => asked > 0), await code(client.ping(to(server)))]
        outcomes.push(await code(waiting[0].ping(to(server))))
        outcomes.push((await load(300)) < ${SPINNING})
        silent.close()
        if (${ending === 'process.exit()'}) {
          say(outcomes)
          process.exit()
        }
        await Promise.all([server, client, ...waiting].map((node) => node.destroy()))
        outcomes.push([...new Set(await Promise.all(pending))].join())
        say(outcomes)
      `,
        { within: ISOLATED }
      )
      const expected = [true, 'ok', 'ok', true]
      if (ending === 'destroy()') expected.push('NODE_WAS_DESTROYED')
      assert.deepStrictEqual(said, expected)
    })
  }
}

// What the script says. The process ends by itself and in time.
async function says(path, body, options) {
  const source = `${HEAD} async function main() {${body}}`
  const { code, signal, stdout, stderr } = await run(source, [path], options)
  assert.deepStrictEqual([code, signal, stderr], [0, null, ''], stdout)
  return JSON.parse(stdout)
}
