'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const Tree = require('./documents/tree')
const findFaults = require('./documents/faults')

const ROOT = path.join(__dirname, '..')
const tree = new Tree(ROOT)

test('links, anchors, commands, paths and names of the documents exist', async () => {
  for (const page of ['README.md', 'docs/architecture.md']) assert.ok(tree.pages.includes(page))
  assert.deepStrictEqual(await findFaults(tree), [])
})

test('what does not exist is found', async (t) => {
  const page = [
    '# A page',
    '## Twice',
    '## Twice',
    '[page](b.md) ![chart](no.svg) <a href="no.html">x</a> [ours](#twice-1) [theirs](b.md#what-it-is)',
    '[there](#thrice) [there](b.md#no) [reference][r] [web](https://example.com/no#no)',
    '`npm run build` `npm run no` `cargo test --test wire` `cargo bench --bench no`',
    '`src/dht/wire.rs` `src/no.rs` `wire.rs` `../src/dht/` `no/` `no.rs` `dht/no.rs`',
    '`encode_reply` `Node::decode()` `no_such_name` `Node::nothing()`',
    '```sh\nnode scripts/no.js  # src/dht/\n```',
    '[r]: no.md'
  ]
  const root = plant(t, {
    'package.json': '{ "scripts": { "build": "" } }',
    'src/dht/wire.rs':
      'fn encode_reply() {} // src/dht/wire.rs, src/no.rs.\nfn decode() {} struct Node',
    'tests/wire.rs': '',
    'docs/a.md': page.join('\n\n'),
    'docs/b.md': '# What it *is*?'
  })
  assert.deepStrictEqual(await findFaults(new Tree(root)), [
    'src/dht/wire.rs:1: there is no src/no.rs',
    'docs/a.md:7: there is no docs/no.svg',
    'docs/a.md:7: there is no docs/no.html',
    'docs/a.md:9: docs/a.md has no #thrice',
    'docs/a.md:9: docs/b.md has no #no',
    'docs/a.md:21: there is no docs/no.md',
    'docs/a.md:11: there is no script no',
    'docs/a.md:11: cargo has no bench no',
    'docs/a.md:13: there is no src/no.rs',
    'docs/a.md:13: nothing is called no/',
    'docs/a.md:13: nothing is called no.rs',
    'docs/a.md:13: nothing is called dht/no.rs',
    'docs/a.md:15: no code has no_such_name',
    'docs/a.md:15: no code has nothing',
    'docs/a.md:17: there is no scripts/no.js'
  ])
})

test('the programs in the documents run', async (t) => {
  const { freePort } = await import('../examples/support.mjs')
  const folder = plant(t, {})
  fs.mkdirSync(path.join(folder, 'node_modules'))
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'dht-rpc'), 'junction')

  const programs = []
  for (const page of tree.pages) {
    const { codes } = await tree.page(page)
    const whole = codes.filter(({ text }) => text.includes("from 'dht-rpc'"))
    programs.push(...whole.map(({ text, line }) => ({ name: `${page}:${line}`, text })))
  }
  assert.ok(programs.some(({ name }) => name.startsWith('README.md')))

  const file = path.join(folder, 'program.mjs')
  for (const { name, text } of programs) {
    fs.writeFileSync(file, text.replaceAll('10001', await freePort('127.0.0.1')))
    const out = execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 })
    if (name.startsWith('README.md')) assert.match(out, /^\d+ says hello\n$/)
  }
})

function plant(t, files) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-documents-'))
  t.after(() => fs.rmSync(root, { recursive: true, force: true }))
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), text)
  }
  return root
}
