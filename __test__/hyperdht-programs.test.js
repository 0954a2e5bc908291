// slow: it starts processes and installs packages

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { HOST, mixtures, stacks, stack, placeTree } = require('./helpers/hyper')
const { createNetwork, createNode, listen, connect, echo } = require('./helpers/hyper')
const { copyPackage, temporary } = require('./helpers/copy')
const { freePort } = require('./helpers/network')
const { once, until } = require('./helpers/until')

const ROOT = path.join(__dirname, '..')

// hyperdht's own command as bootstrap node and as nodes.
for (const { name, network, server, client } of mixtures) {
  test(`${name}: a network of hyperdht's command`, async (t) => {
    const port = await freePort()
    const bootstrap = `${HOST}:${port}`
    const file = (kind) => kind.resolve('hyperdht/bin.js')
    const first = program(t, [file(network[0]), '--bootstrap', '--host', HOST, '--port', `${port}`])
    await first.says('Fully started Hyperswarm DHT bootstrap node')
    const nodes = program(t, [
      file(network.at(-1)),
      '--nodes',
      '3',
      '--host',
      HOST,
      '--bootstrap',
      bootstrap
    ])
    await nodes.says('Fully started 3 Hyperswarm DHT nodes')
    const [to, from] = [server, client].map((kind) => createNode(t, kind, [{ host: HOST, port }]))
    const { publicKey } = await listen(t, to)
    const connection = await connect(t, from, publicKey)
    connection.write('hello')
    const [data] = await once(connection, 'data')
    assert.strictEqual(data.toString(), 'hello')
    // While there is a network to take leave of.
    for (const node of [from, to]) await node.destroy()
    for (const running of [nodes, first]) {
      running.interrupt()
      assert.strictEqual(await running.exited, 0)
    }
    assert.match(first.said(), /Bootstrap node closed/)
    assert.match(nodes.said(), /Node #2 closed/)
  })
}

for (const kind of stacks) {
  test(`${kind.name}: @hyperswarm/testnet`, async (t) => {
    const createTestnet = kind.require('@hyperswarm/testnet')
    const endings = []
    const net = await createTestnet(8, { teardown: (end) => endings.push(end) })
    assert.strictEqual(net.nodes.length, 8)
    const [to, from] = [net.createNode(), net.createNode()]
    const server = to.createServer(echo)
    await server.listen()
    const connection = await connect(t, from, server.publicKey)
    connection.write('hello')
    const [data] = await once(connection, 'data')
    assert.strictEqual(data.toString(), 'hello')
    for (const end of endings) await end()
    assert.ok([...net].every((node) => node.destroyed))
  })

  test(`${kind.name}: what is alive keeps the process, and nothing else does`, async (t) => {
    const source = `
      const createTestnet = require(process.argv[1])
      createTestnet(3).then(async (net) => {
        const [to, from] = [net.createNode(), net.createNode()]
        const server = to.createServer((connection) => connection.end())
        await server.listen()
        const connection = from.connect(server.publicKey)
        connection.on('end', () => connection.end())
        connection.on('close', async () => {
          await net.destroy()
          console.log('done')
        })
        connection.resume()
      })`
    const running = program(t, ['-e', source, kind.resolve('@hyperswarm/testnet')])
    assert.strictEqual(await running.exited, 0)
    assert.match(running.said(), /done/)
  })
}

test('two copies of the package in one tree', { skip: stacks.length < 2 }, async (t) => {
  const [reference, native] = stacks
  const folder = temporary(t)
  const modules = placeTree(folder, { 'dht-rpc': copyPackage(t) })
  const other = stack('another copy', modules)
  assert.notStrictEqual(other.require('dht-rpc'), native.require('dht-rpc'))
  const kinds = [native, other, reference]
  const bootstrap = []
  for (const kind of kinds) {
    const node = createNode(t, kind, bootstrap, { ephemeral: false, firewalled: false })
    await node.fullyBootstrapped()
    bootstrap.push({ host: HOST, port: node.address().port })
  }
  for (const kind of kinds) {
    const { publicKey } = await listen(t, createNode(t, kind, bootstrap))
    for (const from of kinds) {
      const connection = await connect(t, createNode(t, from, bootstrap), publicKey)
      connection.write('hello')
      const [data] = await once(connection, 'data')
      assert.strictEqual(data.toString(), 'hello')
    }
  }
})

test('an override in an empty folder is all that it takes, and all that goes back', async (t) => {
  const folder = temporary(t)
  const project = path.join(folder, 'project')
  fs.mkdirSync(project)
  fs.copyFileSync(path.join(ROOT, 'examples', 'chat', 'chat.mjs'), path.join(project, 'chat.mjs'))
  const manifest = require('../examples/chat/package.json')
  const [{ filename }] = JSON.parse(
    await npm(t, ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)
  )
  const overrides = { 'dht-rpc': `file:${path.join(folder, filename)}` }

  for (const [wanted, isOurs] of [
    [overrides, true],
    [undefined, false]
  ]) {
    write(project, { ...manifest, overrides: wanted })
    for (const name of ['node_modules', 'package-lock.json']) {
      fs.rmSync(path.join(project, name), { recursive: true, force: true })
    }
    await npm(t, project, 'install', '--prefer-offline', '--no-audit', '--no-fund')
    const installed = path.join(project, 'node_modules')
    const { name } = JSON.parse(fs.readFileSync(path.join(installed, 'dht-rpc', 'package.json')))
    assert.strictEqual(name, isOurs ? 'dht-rpc-native' : 'dht-rpc')
    assert.strictEqual(fs.existsSync(path.join(installed, 'udx-native')), !isOurs)
    await chat(t, path.join(project, 'chat.mjs'), stacks[0])
  }
})

// Two of them on a topic of their own, in a network of this process.
async function chat(t, file, kind) {
  const { bootstrap } = await createNetwork(t, [kind])
  const env = { BOOTSTRAP: `${HOST}:${bootstrap[0].port}` }
  const alice = program(t, [file, 'tests', 'alice', 'I am here'], env)
  await alice.says('alice is in tests')
  const bob = program(t, [file, 'tests', 'bob', 'So am I'], env)
  await alice.says('bob: So am I')
  await bob.says('alice: I am here')
  alice.type('How are you?\n')
  await bob.says('alice: How are you?')
}

function write(folder, manifest) {
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
}

async function npm(t, cwd, ...args) {
  const onWindows = process.platform === 'win32'
  const running = program(t, args, {}, { command: onWindows ? 'npm.cmd' : 'npm', cwd })
  assert.strictEqual(await running.exited, 0, running.said())
  return running.said()
}

// A process, what it said so far, and a promise of its exit code.
function program(t, args, env = {}, { command = process.execPath, cwd = ROOT } = {}) {
  const shell = command.endsWith('.cmd')
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, shell })
  let said = ''
  child.stdout.on('data', (data) => (said += data))
  child.stderr.pipe(process.stderr)
  const exited = new Promise((resolve) => child.once('close', resolve))
  t.after(() => {
    child.kill('SIGKILL')
    return exited
  })
  return {
    exited,
    said: () => said,
    says: (text) => until(() => said.includes(text), `"${text}"`, 30000),
    type: (text) => child.stdin.write(text),
    interrupt: () => child.kill('SIGINT')
  }
}
