'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const { spawn } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const path = require('node:path')
const { temporary } = require('./helpers/copy')

const EXAMPLES = path.join(__dirname, '..', 'examples')
const HOST = '127.0.0.1'

test('a bootstrap node, stores and clients', async (t) => {
  const { freePort } = await import('../examples/support.mjs')
  const port = await freePort(HOST)
  const entry = `${HOST}:${port}`

  const bootstrap = start(t, 'bootstrap-node.mjs', port, HOST)
  await bootstrap.prints(`bootstrap node on ${entry}\n`)
  const stores = start(t, 'kv-store.mjs', entry, 25)
  await stores.prints('25 stores are part of the network\n')
  await bootstrap.prints('heard of 127.0.0.1:')

  const put = await start(t, 'kv-client.mjs', 'put', 'a value', entry).end()
  assert.strictEqual(put.code, 0, put.output)
  assert.match(put.output, /^[0-9a-f]{64}\n$/)
  const get = await start(t, 'kv-client.mjs', 'get', put.output.trim(), entry).end()
  assert.deepStrictEqual(get, { code: 0, output: 'a value\n' })

  const absent = await start(t, 'kv-client.mjs', 'get', 'ab'.repeat(32), entry).end()
  assert.deepStrictEqual(absent, { code: 1, output: 'nobody has it\n' })

  for (const program of [stores, bootstrap]) {
    program.interrupt()
    const { code, output } = await program.end()
    assert.strictEqual(code, 0, output)
  }
})

test('the story ends by itself and draws what happened', async (t) => {
  const started = performance.now()
  const { code, output } = await start(t, 'story.mjs').end()
  assert.strictEqual(code, 0, output)
  assert.ok(performance.now() - started < 20_000, 'within 20 s')
  assert.match(output, / 100\/100 /)
  assert.match(output, /committed to the 20 closest nodes/)
  assert.match(output, /A fresh client read 'write me!'/)
  assert.match(output, /shared bits {2}nodes\n +0 {2}█+/)
  const holders = output.match(/^ +[0-9a-f]{8}… +\d+\. +\d+ +\d+\.\d$/gm)
  assert.strictEqual(holders?.length, 20, output)
})

test("the project's own telling of the article passes, and fails where it should", async (t) => {
  const { code, output } = await start(t, 'article.mjs', path.join(__dirname, '..')).end()
  assert.strictEqual(code, 0, output)
  assert.match(output, /\n18 passed, 0 failed\n$/)

  const broken = path.join(__dirname, 'helpers', 'mute-package.js')
  const mute = await start(t, 'article.mjs', broken).end()
  assert.strictEqual(mute.code, 1, mute.output)
  assert.match(mute.output, /\n\d+ passed, [1-9]\d* failed\n$/)
})

for (const [sender, receiver] of [
  ['../udx.js', '../udx.js'],
  ['../udx.js', 'udx-native'],
  ['udx-native', '../udx.js']
]) {
  test(`a file from a process on ${sender} to one on ${receiver}`, async (t) => {
    const folder = temporary(t)
    const [file, copy] = ['file', 'copy'].map((name) => path.join(folder, name))
    fs.writeFileSync(file, randomBytes(5_000_001))
    const receiving = start(t, 'file.mjs', 'receive', copy, receiver)
    const [, port] = await receiving.matches(/^(\d+)\n/)
    const sent = await start(t, 'file.mjs', 'send', file, port, sender).end()
    const received = await receiving.end()
    for (const { code, output } of [sent, received]) {
      assert.strictEqual(code, 0, output)
      assert.ok(Number(output.match(/^(\d+) bytes by UDX\n$/m)[1]) > 5_000_001)
    }
    assert.ok(fs.readFileSync(copy).equals(fs.readFileSync(file)))
  })
}

function start(t, name, ...args) {
  const child = spawn(process.execPath, [path.join(EXAMPLES, name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const closed = once(child, 'close')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  t.after(() => child.kill('SIGKILL'))

  return { prints, matches, end, interrupt: () => child.kill('SIGINT') }

  function prints(text) {
    return until(() => output.includes(text), text)
  }

  function matches(pattern) {
    return until(() => output.match(pattern), pattern)
  }

  async function until(found, what) {
    while (!found()) {
      const [reason] = await Promise.race([once(child.stdout, 'data'), closed.then(() => ['end'])])
      if (reason === 'end') assert.fail(`'${what}' was never printed: ${output}`)
    }
    return found()
  }

  async function end() {
    const [code] = await closed
    return { code, output }
  }
}
