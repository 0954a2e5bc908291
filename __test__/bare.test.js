const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const path = require('node:path')
const { builtinModules } = require('node:module')
const { ROOT } = require('../lib/crossing/platform')

// scripts/runtimes.js runs the package there; what can be told without Bare is told here.
const { dependencies, imports, addon, name } = require('../package.json')
const LIB = path.join(ROOT, 'lib')
const OF_BARE = path.join(LIB, 'crossing', 'bare')

test('Bare has a file or a package for each module of Node that is required, and for no other', () => {
  const files = [...filesOf(LIB), path.join(ROOT, 'index.js')]
  const required = new Set(files.flatMap(builtinsOf))
  assert.deepStrictEqual(Object.keys(imports).sort(), [...required].sort())
})

test('they are there, and are themselves', () => {
  for (const [module, { bare, default: elsewhere }] of Object.entries(imports)) {
    assert.strictEqual(elsewhere, module)
    if (bare.startsWith('./')) assert.ok(fs.existsSync(path.join(ROOT, bare)), bare)
    else assert.ok(bare in dependencies, bare)
  }
})

test('the binary has the name that Bare looks for', () => {
  const { prebuiltPath } = require('../lib/crossing/platform')
  assert.strictEqual(addon, true)
  assert.strictEqual(path.basename(prebuiltPath()), `${name}.node`)
})

test('nothing of Bare is loaded in Node', () => {
  require('..')
  const loaded = Object.keys(require.cache).filter((file) => file.startsWith(OF_BARE))
  assert.deepStrictEqual(loaded, [])
})

test('ticks come before immediates, and hold none up for ever', async () => {
  const Turns = require('../lib/crossing/bare/turns')
  const turns = new Turns()
  const seen = []
  turns.setImmediate(() => seen.push('immediate'))
  turns.nextTick(() => seen.push('tick'))
  await untilTurn(() => seen.length === 2)
  assert.deepStrictEqual(seen, ['tick', 'immediate'])

  let ticks = 0
  turns.setImmediate(() => seen.push('late'))
  await untilTurn(() => {
    turns.nextTick(() => ticks++)
    return seen.length === 3 || ticks === 1000
  })
  assert.strictEqual(seen[2], 'late', `after ${ticks} ticks`)
})

async function untilTurn(isDone) {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve))
}

function filesOf(folder) {
  const files = fs.readdirSync(folder, { recursive: true })
  return files.filter((file) => file.endsWith('.js')).map((file) => path.join(folder, file))
}

function builtinsOf(file) {
  const source = fs.readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, '')
  const names = [...source.matchAll(/require\('([^.'][^']*)'\)/g)].map(([, name]) => name)
  return names.filter((name) => name.startsWith('node:') || builtinModules.includes(name))
}
