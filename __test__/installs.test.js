'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const path = require('node:path')
const { build } = require('esbuild')
const { ROOT, platformName, prebuiltPath } = require('../lib/crossing/platform')
const { natives } = require('./helpers/packages')
const { copyPackage, placePackage, temporary } = require('./helpers/copy')
const { runFile } = require('./helpers/child')

const NOBODY = 65534 // a user who owns nothing

const PROGRAM = `
import DHT from 'dht-rpc'
const HOST = '127.0.0.1'
const nodes = [1, 2].map(() => new DHT({ host: HOST, bootstrap: [] }))
const [one, two] = nodes
await Promise.all(nodes.map((node) => node.bind()))
two.on('request', (req) => req.reply(req.value))
const to = { host: HOST, port: two.localAddress().port }
for await (const reply of one.query({ command: 1, target: Buffer.alloc(32), value: Buffer.from('works') }, { nodes: [to] })) {
  console.log(reply.value.toString())
}
for (const node of nodes) await node.destroy()
`

const BANNER = `
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
const require = createRequire(import.meta.url)
const __filename = fileURLToPath(import.meta.url)
const __dirname = fileURLToPath(new URL('.', import.meta.url))
`

const COMMONJS = `(async () => {${PROGRAM.replace("import DHT from 'dht-rpc'", "const DHT = require('dht-rpc')")}})()`

const BUNDLES = {
  'a bundle in CommonJS': { name: 'app.cjs', source: COMMONJS, format: 'cjs' },
  'a bundle of modules': { name: 'app.mjs', source: PROGRAM, format: 'esm', banner: BANNER }
}

const PLACES = {
  'beside it': 'dht-rpc-native.node',
  'in prebuilds/ beside it': path.join('prebuilds', platformName(), 'dht-rpc-native.node')
}

for (const { name } of natives) {
  for (const [what, bundle] of Object.entries(BUNDLES)) {
    for (const [where, place] of Object.entries(PLACES)) {
      test(`${name}: ${what} with the binary ${where}`, async (t) => {
        const folder = temporary(t)
        const file = await bundled(folder, bundle)
        const binary = path.join(folder, place)
        fs.mkdirSync(path.dirname(binary), { recursive: true })
        fs.copyFileSync(prebuiltPath(), binary)
        await works(file)
      })
    }

    test(`${name}: ${what} without the binary says what is missing`, async (t) => {
      const file = await bundled(temporary(t), bundle)
      const { code, stderr } = await runFile(file)
      assert.notStrictEqual(code, 0)
      assert.match(stderr, /No native binding of dht-rpc for /)
    })
  }

  test(`${name}: what pnpm links`, async (t) => {
    const project = temporary(t)
    const store = path.join(project, 'node_modules', '.pnpm')
    const real = path.join(store, 'dht-rpc-native@0.0.0', 'node_modules', 'dht-rpc-native')
    fs.mkdirSync(real, { recursive: true })
    placePackage(real)
    link(path.join(ROOT, 'node_modules', 'streamx'), path.join(real, '..', 'streamx'))
    link(real, path.join(project, 'node_modules', 'dht-rpc'))
    const file = path.join(project, 'program.mjs')
    fs.writeFileSync(file, PROGRAM)
    await works(file)
  })

  const isRoot = process.getuid && process.getuid() === 0
  const skip = process.platform === 'win32' && 'has no modes of files'
  test(`${name}: an install that may not be written`, { skip }, async (t) => {
    const folder = copyPackage(t)
    const file = path.join(folder, 'program.cjs')
    fs.writeFileSync(file, COMMONJS.replace("'dht-rpc'", "'./'"))
    const entries = fs
      .readdirSync(folder, { recursive: true })
      .map((entry) => path.join(folder, entry))
    const folders = [folder, ...entries.filter((entry) => fs.statSync(entry).isDirectory())]
    for (const entry of entries) fs.chmodSync(entry, 0o444)
    for (const entry of folders) fs.chmodSync(entry, 0o555)
    try {
      // Root may write everywhere.
      await works(file, isRoot ? { uid: NOBODY, gid: NOBODY } : {})
    } finally {
      for (const entry of folders) fs.chmodSync(entry, 0o755)
    }
  })
}

async function bundled(folder, { name, source, format, banner = '' }) {
  const outfile = path.join(folder, name)
  await build({
    stdin: { contents: source, resolveDir: folder },
    alias: { 'dht-rpc': ROOT },
    outfile,
    format,
    banner: { js: banner },
    bundle: true,
    platform: 'node',
    logLevel: 'warning'
  })
  return outfile
}

async function works(file, options) {
  const { code, stdout, stderr } = await runFile(file, [], options)
  assert.deepStrictEqual([code, stdout, stderr], [0, 'works\n', ''])
}

function link(target, place) {
  fs.symlinkSync(target, place, 'junction')
}
