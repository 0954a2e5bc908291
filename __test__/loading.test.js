'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const { HOST, createNode } = require('./helpers/network')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')

const COPIES = 12 // over the listeners of one event that Node takes for a leak
const SAID = 30 // more than leaves at once, less than what is handed over because it is much

// Loads the package anew, as a reset registry of modules does.
const FRESH = `
const path = process.argv[1]
const opts = { host: '127.0.0.1', bootstrap: [] }
const to = (node) => ({ host: '127.0.0.1', port: node.localAddress().port })
function fresh() {
  for (const file in require.cache) delete require.cache[file]
  // Modules that others loaded hang on these.
  return require('node:module').createRequire(path)(path)
}
async function used(DHT) {
  const [one, two] = [new DHT(opts), new DHT(opts)]
  two.on('request', (req) => req.reply(null))
  await Promise.all([one.bind(), two.bind()])
  await one.request({ command: 1 }, to(two))
  await one.findNode(Buffer.alloc(32), { nodes: [to(two)] }).finished()
  return [one, two]
}
const destroy = (nodes) => Promise.all(nodes.map((node) => node.destroy()))
`

// Whatever the process has more of afterwards.
const TRACE = `
const shared = (o) => Reflect.ownKeys(o).map(String)
const trace = () => ({
  listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  globals: shared(globalThis),
  ofProcess: shared(process),
  resources: process.getActiveResourcesInfo().filter((name) => name !== 'Immediate') // of the turn
})
`

async function output(source, path, options) {
  const { code, stdout, stderr } = await run(FRESH + source, [path], options)
  assert.deepStrictEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

for (const { name, path } of natives) {
  test(`${name}: require() creates nothing that a tool could take for an open handle`, async () => {
    const types = await output(
      `const ofThis = ['PROMISE', 'Immediate']
      const open = new Map()
      require('node:async_hooks').createHook({
        init: (id, type) => ofThis.includes(type) || open.set(id, type),
        destroy: (id) => open.delete(id)
      }).enable()
      require(path)
      setImmediate(() => console.log(JSON.stringify([...open.values()])))`,
      path
    )
    assert.deepStrictEqual(types, [])
  })

  test(`${name}: what nodes open is closed again`, async () => {
    const [during, after] = await output(
      `const ofJavaScript = ['PROMISE', 'TickObject', 'Microtask', 'Immediate', 'Timeout']
      const open = new Map()
      require('node:async_hooks').createHook({
        init: (id, type) => ofJavaScript.includes(type) || open.set(id, type),
        destroy: (id) => open.delete(id)
      }).enable()
      ;(async () => {
        const nodes = await used(require(path))
        const during = [...open.values()]
        await destroy(nodes)
        for (let i = 0; i < 3; i++) await new Promise(setImmediate)
        const after = [...open.values()]
        await destroy(await used(require(path)))
        console.log(JSON.stringify([during, after]))
      })()`,
      path
    )
    assert.deepStrictEqual([during.length, after], [1, []])
  })

  for (const [what, end] of [
    ['one after the other', 'await destroy(nodes)'],
    ['side by side', 'live.push(...nodes)']
  ]) {
    test(`${name}: ${COPIES} copies ${what} leave the trace of one`, async () => {
      const [first, last, live] = await output(
        `${TRACE}
        ;(async () => {
          const live = []
          let first = null
          for (let i = 0; i < ${COPIES}; i++) {
            const nodes = await used(fresh())
            ${end}
            if (first === null) first = trace()
          }
          const last = trace()
          await destroy(live)
          console.log(JSON.stringify([first, last, live.length]))
        })()`,
        path
      )
      const listeners = Object.fromEntries(last.listeners)
      assert.strictEqual(listeners.exit, 1)
      assert.deepStrictEqual(last, first)
      assert.ok(live === 0 || live === 2 * COPIES)
    })
  }

  test(`${name}: a copy that nobody needs any more is collected`, async () => {
    const [copies, left] = await output(
      `;(async () => {
        const copies = []
        const one = async () => {
          await destroy(await used(fresh()))
          const modules = Object.values(require.cache).map(({ exports }) => exports)
          const objects = modules.filter((each) => typeof each === 'object')
          copies.push(...[...modules.slice(0, 1), ...objects].map((each) => new WeakRef(each)))
        }
        await one() // holds what all share
        const first = copies.splice(0).length
        for (let i = 0; i < 3; i++) await one()
        const loaded = copies.length
        fresh()
        for (let i = 0; i < 50 && copies.some((copy) => copy.deref()); i++) {
          await new Promise(setImmediate)
          gc()
        }
        const left = copies.map((copy) => copy.deref()).filter(Boolean)
        console.log(JSON.stringify([loaded / first, left.map((each) => Object.keys(each))]))
      })()`,
      path,
      { execArgv: ['--expose-gc'] }
    )
    assert.deepStrictEqual([copies, left], [3, []])
  })

  test(`${name}: what the engine keeps of copies does not grow`, async () => {
    const numbers = await output(
      `;(async () => {
        const numbers = []
        for (let i = 0; i < 5; i++) {
          const DHT = fresh()
          const native = require(require('node:path').join(path, '..', 'lib', 'crossing', 'native'))
          const { open } = native
          native.open = (wake) => numbers[numbers.push(open(wake)) - 1]
          await destroy(await used(DHT))
          await destroy(await used(DHT))
        }
        console.log(JSON.stringify(numbers))
      })()`,
      path
    )
    assert.deepStrictEqual(numbers, Array(10).fill(0))
  })

  test(`${name}: what is said in handlers of 'exit' leaves, whenever these were added`, async (t) => {
    const node = createNode(t, natives[0].DHT)
    await node.bind()
    const heard = []
    node.on('request', (req) => heard.push(req.value.toString()))
    const answers = []
    const ask = (port) => node.request({ command: 1 }, { host: HOST, port }, { retry: false })
    const onstdout = (text) => {
      if (!text.endsWith('\n') || answers.length > 0) return
      for (const port of JSON.parse(text)) {
        for (let i = 0; i < SAID; i++) answers.push(ask(port))
      }
    }

    const { code, stderr } = await run(
      `${FRESH}
      const nodes = []
      const asked = []
      const home = { host: '127.0.0.1', port: Number(process.argv[2]) }
      const replies = (i, value) => () => asked[i].forEach((req) => req.reply(Buffer.from(value)))
      const requests = (i, value) => () => {
        for (const req of asked[i]) {
          nodes[i].request({ command: 1, value: Buffer.from(value) }, home).catch(() => {})
        }
      }
      process.on('exit', replies(0, 'early'))
      process.on('exit', requests(1, 'early'))
      ;(async () => {
        for (let i = 0; i < 4; i++) {
          const node = new (fresh())(opts)
          await node.bind()
          nodes.push(node)
          asked.push([])
          node.on('request', (req) => {
            asked[i].push(req)
            if (asked.every((requests) => requests.length === ${SAID})) process.exit()
          })
        }
        process.on('exit', replies(2, 'late'))
        process.on('exit', requests(3, 'late'))
        console.log(JSON.stringify(nodes.map((node) => node.localAddress().port)))
      })()`,
      [path, String(node.localAddress().port)],
      { onstdout }
    )

    assert.deepStrictEqual([code, stderr], [0, ''])
    const expected = ['early', 'late'].flatMap((when) => Array(SAID).fill(when))
    const outcomes = await Promise.allSettled(answers)
    const values = outcomes.map(({ value }) => value && value.value.toString()).filter(Boolean)
    assert.deepStrictEqual(values, expected)
    await until(() => heard.length === expected.length, 'all requests made at the exit')
    assert.deepStrictEqual(heard.sort(), expected)
  })
}
