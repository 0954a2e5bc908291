'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT, prebuiltPath } = require('../lib/crossing/platform')
const { natives } = require('./helpers/packages')
const { run } = require('./helpers/child')

const CLASS = path.join(ROOT, 'lib', 'dht', 'dht')

// Binds a node, so that all is loaded.
const BOUND = `
const bound = async (DHT) => {
  const node = new DHT({ host: '127.0.0.1', bootstrap: [] })
  await node.bind()
  await node.destroy()
}
const tree = (module, seen = new Set()) => {
  if (seen.has(module)) return seen
  seen.add(module)
  for (const child of module.children) tree(child, seen)
  return seen
}
const cached = () => Object.values(require.cache).filter(({ id }) => id !== '[eval]')
`

async function output(source, args) {
  const { code, stdout, stderr } = await run(BOUND + source, args)
  assert.deepStrictEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

for (const { name, path: entry } of natives) {
  test(`${name}: what the entry loads is what Node loads by itself`, async () => {
    const source = `bound(require(process.argv[1])).then(() => {
      console.log(JSON.stringify(cached().map(({ id, filename, loaded, paths, path }) => {
        return { id, filename, loaded, paths: paths.at(-1), path }
      })))
    })`
    const own = await output(source, [entry])
    const plain = await output(source, [CLASS])
    const byName = (one, other) => (one.id < other.id ? -1 : 1)
    const others = own.filter(({ id }) => id !== entry)
    assert.ok(plain.length > 50)
    assert.deepStrictEqual(others.sort(byName), plain.sort(byName))
  })

  test(`${name}: whoever requires one of its files has the same module`, async () => {
    const same = await output(
      `const DHT = require(process.argv[1])
      const same = [require(process.argv[2]) === DHT]
      for (const module of cached()) same.push(require(module.filename) === module.exports)
      console.log(JSON.stringify(same))`,
      [entry, CLASS]
    )
    assert.deepStrictEqual([...new Set(same)], [true])
  })

  test(`${name}: what is loaded hangs together, as those who clear the cache expect`, async () => {
    const [inTree, all] = await output(
      `bound(require(process.argv[1])).then(() => {
        const known = tree(require.cache[process.argv[1]])
        const ours = cached().filter(({ id }) => !id.endsWith('.node'))
        console.log(JSON.stringify([ours.filter((module) => known.has(module)).length, ours.length]))
      })`,
      [entry]
    )
    assert.strictEqual(inTree, all)
  })

  test(`${name}: each file is loaded once, also where the cache of modules keeps nothing`, async () => {
    const life = `
      const main = async (DHT) => {
        const peer = new DHT({ host: '127.0.0.1', bootstrap: [], ephemeral: false })
        peer.on('request', (req) => req.reply(req.value))
        await peer.bind()
        const to = { host: '127.0.0.1', port: peer.localAddress().port }
        const node = new DHT({ host: '127.0.0.1', bootstrap: [to] })
        const { value } = await node.request({ command: 1, value: Buffer.from('hi') }, to)
        await node.findNode(Buffer.alloc(32)).finished()
        console.log(JSON.stringify([value.toString(), Math.max(...Object.values(loads))]))
        for (const each of [node, peer]) await each.destroy()
      }
      const { readFileSync } = require('fs')
      const loads = {}
      require('fs').readFileSync = (file, ...args) => {
        loads[file] = (loads[file] || 0) + 1
        return readFileSync(file, ...args)
      }
      const [entry] = process.argv.slice(1)`
    const keepsNothing = `${life}
      const within = new module.constructor(entry, module)
      within.filename = entry
      within.paths = module.constructor._nodeModulePaths(require('path').dirname(entry))
      const find = Object.defineProperty((id) => within.require(id), 'cache', { get: () => ({}) })
      const names = ['exports', 'require', 'module', '__filename', '__dirname']
      const source = readFileSync(entry, 'utf8')
      const start = require('vm').compileFunction(source, names)
      start(within.exports, find, within, entry, require('path').dirname(entry))
      main(within.exports)`
    const isCleared = `${life}
      const DHT = require(entry)
      for (const file in require.cache) delete require.cache[file]
      main(DHT)`
    for (const source of [keepsNothing, isCleared]) {
      assert.deepStrictEqual(await output(source, [entry]), ['hi', 1])
    }
  })

  test(`${name}: a load that failed is tried anew`, async () => {
    const said = await output(
      `process.env.DHT_RPC_NATIVE_BINDING = '/nowhere.node'
      const codes = []
      for (let i = 0; i < 2; i++) {
        try { require(process.argv[1]) } catch (err) { codes.push(err.code) }
      }
      process.env.DHT_RPC_NATIVE_BINDING = process.argv[2]
      bound(require(process.argv[1])).then(() => console.log(JSON.stringify(codes)))`,
      [entry, prebuiltPath()]
    )
    assert.deepStrictEqual(said, ['ERR_NATIVE_BINDING', 'ERR_NATIVE_BINDING'])
  })

  test(`${name}: another loader than Node's loads each file its own way`, () => {
    const asked = []
    const module = { exports: {}, paths: [] }
    const require = (id) => asked.push(id) && {}
    const source = fs.readFileSync(entry, 'utf8')
    new Function('module', 'require', '__dirname', source)(module, require, ROOT)
    assert.deepStrictEqual(asked, ['process', 'module', './lib/dht/dht'])
  })

  test(`${name}: an error says in which file and line it was`, async () => {
    const stack = await output(
      `try { new (require(process.argv[1]))(1) } catch (err) { console.log(JSON.stringify(err.stack)) }`,
      [entry]
    )
    const [, file, line] = /\((.*options\.js):(\d+):\d+\)/.exec(stack)
    const lines = fs.readFileSync(file, 'utf8').split('\n')
    assert.match(lines[Number(line) - 1], /check\.option\(typeof opts === 'object'/)
  })
}
