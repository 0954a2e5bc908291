// slow: hosts behind NATs guess each other's ports

const test = require('node:test')
const assert = require('node:assert')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { text } = require('node:stream/consumers')
const { once } = require('node:events')
const { lacks } = require('../scripts/needs')

const SCRIPT = path.join(__dirname, '..', 'scripts', 'punch.js')
const MINUTES = 150_000 // ms, for three rounds of 35 s

// hyperdht's socket pool and hole puncher, by pairs of NATs: from whom to whom, and whether the first one opens 256
// sockets. A few more are for a NAT that was not understood at once.
const PAIRS = [
  ['stateful firewall', 'NAT that keeps ports', false],
  ['NAT that keeps ports', 'NAT that keeps ports', false],
  ['two NATs', 'NAT that keeps ports', false],
  ['stateful firewall', 'NAT with random ports', false],
  ['NAT that keeps ports', 'NAT with random ports', false],
  ['NAT with random ports', 'NAT that keeps ports', true]
]

for (const packages of ['native,native', 'native,reference', 'reference,native']) {
  test(`${packages}: hyperdht punches through NATs`, { skip: lacks('nat') }, async (t) => {
    const child = spawn(process.execPath, [SCRIPT, '--packages', packages], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: t.signal,
      timeout: MINUTES
    })
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    const [code] = await once(child, 'exit')
    const [stdout, stderr] = await output
    assert.strictEqual(code, 0, stdout + stderr)
    const rows = stdout.trim().split('\n').slice(2)
    const seen = rows.map((row) => row.slice(2, -2).split(' | '))
    assert.deepStrictEqual(
      seen.map(([from, to, hole, ping, opened]) => [from, to, hole, ping, Number(opened) >= 256]),
      PAIRS.map(([from, to, many]) => [from, to, 'yes', 'yes', many])
    )
  })
}
