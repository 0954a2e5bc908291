// slow: nodes join behind real NATs, and requests time out

const test = require('node:test')
const assert = require('node:assert')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { lacks } = require('../scripts/needs')

const SCRIPT = path.join(__dirname, '..', 'scripts', 'nat.js')
const SOME = ['public host', 'full cone', 'symmetric)']

// All topologies: npm run nat.
test(
  'both packages say the same behind NATs of the kernel, and what is true',
  { skip: lacks('nat') },
  () => {
    const args = [SCRIPT, ...SOME.flatMap((name) => ['--only', name])]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.strictEqual(status, 0, stdout + stderr)
    const rows = stdout.split('\n').filter((line) => line.includes('| this engine |'))
    assert.deepStrictEqual(
      rows.map((row) => row.split(' | ').slice(2, 4)),
      [
        ['yes', 'no'],
        ['yes', 'no'],
        ['no', 'yes']
      ]
    )
  }
)
