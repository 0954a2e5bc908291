// slow: thousands of nodes come and go

const test = require('node:test')
const assert = require('node:assert')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { FLAGS } = require('../scripts/soak/support')
const { lacks } = require('../scripts/needs')

const FOLDER = path.join(__dirname, '..', 'scripts', 'soak')

// The short versions of what scripts/soak.js runs for long: the same programs with the same bounds.
const SCENARIOS = {
  cycles: ['--count', '500'],
  abandoned: ['--count', '500'],
  workers: ['--count', '64', '--rounds', '4'],
  exits: ['--count', '20'],
  blocked: ['--seconds', '2']
}

for (const [name, args] of Object.entries(SCENARIOS)) {
  test(`native: soak, ${name}`, { skip: lacks('linux') }, async () => {
    const { code, signal, stdout, stderr } = await run(name, args)
    assert.deepStrictEqual([code, signal, stderr], [0, null, ''])
    const { failures, figures } = JSON.parse(stdout)
    assert.deepStrictEqual(failures, [], JSON.stringify(figures))
  })
}

function run(name, args) {
  const file = path.join(FOLDER, `${name}.js`)
  const child = spawn(process.execPath, [...FLAGS, file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => (stdout += data))
  child.stderr.on('data', (data) => (stderr += data))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
