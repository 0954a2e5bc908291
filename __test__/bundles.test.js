// slow: nodes in processes and networks of their own, and a C compiler

const test = require('node:test')
const assert = require('node:assert')
const os = require('node:os')
const { natives } = require('./helpers/packages')
const { FailingSockets } = require('./helpers/failing-sockets')
const { run } = require('./helpers/child')
const { isolated } = require('../scripts/namespaces')
const { lacks } = require('../scripts/needs')

const { EIO, EMSGSIZE, EINVAL, EPERM, ENOPROTOOPT } = os.constants.errno

// `echo(client, server, bytes)` is how many of 64 requests at a time were answered, of 20 times as many.
const HEAD = `
const fs = require('fs')
const { execSync, spawn } = require('child_process')
const DHT = require(process.argv[1])
const TIMES = 20
const AT_A_TIME = 64
const create = (host) => new DHT({ host, bootstrap: [] })
const plan = (place, value) => {
  const fd = fs.openSync(process.env.FAIL_PLAN, 'r+')
  fs.writeSync(fd, Buffer.from(Int32Array.of(value).buffer), 0, 4, place * 4)
  fs.closeSync(fd)
}
const bundles = () => {
  const told = fs.readFileSync(process.env.FAIL_PLAN)
  return { left: told.readInt32LE(20), refused: told.readInt32LE(24) }
}
const echo = async (client, to, bytes) => {
  let answered = 0
  for (let n = 0; n < TIMES; n++) {
    const value = Buffer.alloc(bytes, n)
    const one = () => client.request({ command: 1, value }, to, { retry: false })
    const replies = await Promise.allSettled(Array.from({ length: AT_A_TIME }, one))
    answered += replies.filter((reply) => reply.value?.value.equals(value)).length
  }
  return answered
}
const pair = async () => {
  const [server, client] = [create('127.0.0.1'), create('127.0.0.1')]
  server.on('request', (req) => req.reply(req.value))
  await Promise.all([server.fullyBootstrapped(), client.fullyBootstrapped()])
  const end = () => Promise.all([server.destroy(), client.destroy()])
  return { client, to: { host: '127.0.0.1', port: server.localAddress().port }, end }
}
const say = (value) => console.log(JSON.stringify(value))
`
const TIMES = 20
const ALL = TIMES * 64

const PAIR = `
  const { client, to, end } = await pair()
  const answered = await echo(client, to, 100)
  say({ answered, ...bundles() })
  await end()
`

const MESSAGES = `
  const { once } = require('events')
  const node = create('127.0.0.1')
  await node.bind()
  const [socket, other] = [node.udx.createSocket(), node.udx.createSocket()]
  socket.bind(0, '127.0.0.1')
  other.bind(0, '127.0.0.1')
  let came = 0
  other.on('message', () => ++came % AT_A_TIME === 0 && other.emit('all'))
  for (let n = 0; n < TIMES; n++) {
    const all = once(other, 'all')
    const one = () => socket.send(Buffer.alloc(1000), other.address().port)
    await Promise.all([all, ...Array.from({ length: AT_A_TIME }, one)])
  }
  say({ came, ...bundles() })
  await Promise.all([socket.close(), other.close(), node.destroy()])
`

// So many ways there are between two nodes: each of the sockets may have to be told.
const WAYS = 4

for (const { name, path } of natives) {
  test(`${name}: requests and replies leave in bundles`, { skip: lacks('cc') }, async (t) => {
    const { answered, left, refused } = await says(t, path, PAIR)
    assert.deepStrictEqual([answered, refused], [ALL, 0])
    assert.ok(left > 0)
  })

  test(`${name}: messages of a turn leave in bundles`, { skip: lacks('cc') }, async (t) => {
    const { came, left } = await says(t, path, MESSAGES)
    assert.strictEqual(came, ALL)
    assert.ok(left > 0 && left <= TIMES, `${left} bundles`)
  })

  for (const [word, errno] of Object.entries({ EIO, EMSGSIZE, EINVAL })) {
    test(`${name}: ${word} is remembered, and costs nothing`, { skip: lacks('cc') }, async (t) => {
      const body = `plan(4, ${errno}); ${PAIR}`
      const { answered, left, refused } = await says(t, path, body)
      assert.deepStrictEqual([answered, left], [ALL, 0])
      assert.ok(refused > 0 && refused <= WAYS, `${refused} were tried`)
    })
  }

  test(`${name}: any other refusal costs nothing, either`, { skip: lacks('cc') }, async (t) => {
    const { answered, left, refused } = await says(t, path, `plan(4, ${EPERM}); ${PAIR}`)
    assert.deepStrictEqual([answered, left], [ALL, 0])
    assert.ok(refused > WAYS, 'nothing says that the next would be')
  })

  test(`${name}: a system that knows no bundles`, { skip: lacks('cc') }, async (t) => {
    const said = await says(t, path, `plan(7, ${ENOPROTOOPT}); ${PAIR}`)
    assert.deepStrictEqual(said, { answered: ALL, left: 0, refused: 0 })
  })

  test(
    `${name}: a path whose MTU is less than a datagram`,
    { skip: lacks('cc', 'namespaces') },
    async (t) => {
      const far = `${HEAD}
        const node = create('10.1.1.2')
        node.on('request', (req) => req.reply(req.value))
        node.fullyBootstrapped().then(() => say(node.localAddress().port))
        process.stdin.on('end', () => node.destroy()).resume()
      `
      const said = await says(
        t,
        path,
        `
        execSync('ip netns add far && ip link add near mtu 600 type veth peer name far mtu 600 netns far')
        execSync('ip addr add 10.1.1.1/24 dev near && ip link set near up')
        execSync('ip -n far addr add 10.1.1.2/24 dev far && ip -n far link set far up')
        const args = ['netns', 'exec', 'far', process.execPath, '-e', ${JSON.stringify(far)}, process.argv[1]]
        const other = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, LD_PRELOAD: '' } })
        const [port] = await require('events').once(other.stdout, 'data')
        const to = { host: '10.1.1.2', port: Number(port) }
        const client = create('10.1.1.1')
        await client.fullyBootstrapped()
        const answered = [await echo(client, to, 1000)]
        const long = bundles()
        answered.push(await echo(client, to, 100))
        say({ answered, long, short: bundles() })
        await client.destroy()
        other.stdin.end()
      `,
        { within: isolated('mount -t tmpfs none /run') }
      )
      const { answered, long, short } = said
      assert.deepStrictEqual(answered, [ALL, ALL])
      assert.ok(long.left === 0 && long.refused > 0 && long.refused <= WAYS, JSON.stringify(long))
      assert.ok(short.left > 0 && short.refused === long.refused, JSON.stringify(short))
    }
  )
}

// What the script says. The process ends by itself and in time.
async function says(t, path, body, options) {
  const source = `${HEAD} async function main() {${body}}
    main().catch((err) => say({ error: err.stack }))`
  const { env } = FailingSockets.create(t)
  const { code, signal, stdout, stderr } = await run(source, [path], { env, ...options })
  assert.deepStrictEqual([code, signal, stderr], [0, null, ''], stdout)
  return JSON.parse(stdout)
}
