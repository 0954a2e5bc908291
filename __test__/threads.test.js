const test = require('node:test')
const assert = require('node:assert')
const { execFileSync } = require('node:child_process')
const { natives } = require('./helpers/packages')
const { lacks } = require('../scripts/needs')
const { LimitedProcess, limits } = require('./helpers/limited-process')

const REFUSED = { code: 'EAGAIN' }

// What each does with so many threads more, and with enough.
const SCENARIOS = [
  {
    name: 'the first node',
    body: `
      const nodes = [create(), create()]
      await Promise.all(nodes.map((node) => node.bind()))
      await nodes[0].ping(to(nodes[1]))
      await destroy(nodes)
      return 'answered'
    `,
    outcomes: [REFUSED, { value: 'answered' }],
    enough: { value: 'answered' }
  },
  {
    // A shard takes 16 nodes before the next is begun.
    name: 'a second shard',
    body: `
      const nodes = Array.from({ length: 20 }, () => create({ shards: 2 }))
      await Promise.all(nodes.map((node) => node.bind()))
      await Promise.all(nodes.map((node, i) => node.ping(to(nodes[(i + 1) % nodes.length]))))
      const shards = threads().filter((name) => /^dht-rpc-[0-9]+$/.test(name)).length
      await destroy(nodes)
      return shards
    `,
    outcomes: [REFUSED, { value: 1 }, { value: 1 }, { value: 2 }],
    enough: { value: 2 }
  },
  {
    name: 'bootstrap by name',
    body: `
      const server = create()
      await server.bind()
      const names = Array(20).fill('localhost:' + to(server).port)
      const nodes = [create({ bootstrap: names }), create({ bootstrap: names })]
      await Promise.all(nodes.map((node) => node.fullyBootstrapped()))
      const found = nodes.filter((node) => node.stats.requests.responses > 0).length
      await destroy([server, ...nodes])
      return found
    `,
    outcomes: [REFUSED, { value: 0 }, { value: 2 }, { value: 2 }],
    enough: { value: 2 }
  },
  {
    name: 'names looked up for the user',
    body: `
      const node = create({ bootstrap: ['localhost:1', 'localhost:2'] })
      await node.bind()
      const code = await node.udx.lookup('localhost').then(() => null, (err) => err.code)
      const ports = []
      for await (const { port } of node._resolveBootstrapNodes()) ports.push(port)
      await destroy([node])
      return [code, ...ports]
    `,
    outcomes: [REFUSED, { value: ['EAI_NONAME'] }, { value: [null, 1, 2] }],
    enough: { value: [null, 1, 2] }
  },
  {
    name: 'a node in a worker thread',
    body: `
      const worker = new Worker(
        \`
        const { parentPort, workerData } = require('worker_threads')
        const DHT = require(workerData)
        const node = new DHT({ host: '127.0.0.1', bootstrap: [] })
        node.bind()
          .then(() => node.ping({ host: '127.0.0.1', port: node.localAddress().port }))
          .then(() => node.destroy())
          .then(() => parentPort.postMessage('answered'))
        \`,
        { eval: true, workerData: file }
      )
      return new Promise((resolve, reject) => {
        let said = 'nothing'
        worker.on('message', (message) => (said = message))
        worker.on('error', reject)
        worker.on('exit', () => resolve(said))
      })
    `,
    // The first is what the runtime says.
    outcomes: [{ code: 'ERR_WORKER_INIT_FAILED' }, REFUSED, { value: 'answered' }],
    enough: { value: 'answered' }
  }
]

for (const { name: packageName, path } of natives) {
  for (const [kind, Limit] of Object.entries(limits)) {
    const skip = lacks(Limit.needs)

    for (const { name, body, outcomes, enough } of SCENARIOS) {
      test(`${packageName}, ${kind}: threads refused, ${name}`, { skip }, async (t) => {
        for (const [more, expected] of outcomes.entries()) {
          const child = await LimitedProcess.start(t, Limit, path)
          child.allow(more)
          const { message = '', ...outcome } = await child.run(body)

          assert.deepStrictEqual(outcome, expected, `${more} more threads: ${message}`)
          if (expected === REFUSED) assertSaysWhatToDo(message)

          child.allowEnough()
          assert.deepStrictEqual(await child.run(body), enough, `raised after ${more}`)
          assert.deepStrictEqual(await child.leave(), { code: 0, signal: null, stderr: '' })
        }
      })
    }
  }

  const possible = Object.values(limits).find((Limit) => !lacks(Limit.needs))

  test(
    `${packageName}: names that no thread looked up are looked up later`,
    { skip: lacks(limits.user.needs) && lacks(limits.group.needs) },
    async (t) => {
      const child = await LimitedProcess.start(t, possible, path)
      child.allow(1)
      const { value } = await child.run(`
      const server = create()
      await server.bind()
      // None of them takes room on the stack of the one before it.
      const names = Array(20_000).fill('localhost:' + to(server).port)
      const node = create({ bootstrap: names })
      await node.fullyBootstrapped()
      node.bootstrapNodes.length = 1
      globalThis.nodes = [server, node]
      return node.stats.requests.responses
    `)
      assert.strictEqual(value, 0)

      child.allowEnough()
      const later = await child.run(`
      await nodes[1].findNode(Buffer.alloc(32)).finished()
      await destroy(nodes)
      return nodes[1].stats.requests.responses
    `)
      assert.ok(later.value > 0, JSON.stringify(later))
      assert.deepStrictEqual(await child.leave(), { code: 0, signal: null, stderr: '' })
    }
  )

  const Limit = limits.user
  const skip = lacks(Limit.needs, 'namespaces', 'nsenter')

  test(
    `${packageName}: threads refused, networks are watched all the same`,
    { skip },
    async (t) => {
      const child = await LimitedProcess.start(t, Limit, path, ['unshare', '-n'])
      const ip = (...args) =>
        execFileSync('nsenter', ['-t', String(child.pid), '-n', 'ip', ...args])
      ip('link', 'set', 'lo', 'up')
      child.allow(1)
      await child.run(`
      globalThis.node = create()
      globalThis.changes = 0
      globalThis.waiting = []
      node.on('network-change', (interfaces) => waiting.shift()(interfaces.map(({ host }) => host)))
      await node.bind()
    `)

      const change = child.run('return new Promise((resolve) => waiting.push(resolve))')
      ip('addr', 'add', '127.1.0.1/32', 'dev', 'lo')
      assert.ok((await change).value.includes('127.1.0.1'))

      child.allowEnough()
      const back = child.run('return new Promise((resolve) => waiting.push(resolve))')
      ip('addr', 'del', '127.1.0.1/32', 'dev', 'lo')
      assert.ok(!(await back).value.includes('127.1.0.1'))
      assert.ok((await child.run('return threads()')).value.includes('dht-rpc-aux'))
      await child.run('return node.destroy()')
      assert.deepStrictEqual(await child.leave(), { code: 0, signal: null, stderr: '' })
    }
  )
}

function assertSaysWhatToDo(message) {
  assert.match(message, /thread/)
  assert.match(message, /ulimit -u/)
  assert.match(message, /pids/)
}
