'use strict'

// How many instructions the hot rooms of the core take: callgrind's count for 2 000 runs less that for 1 000, so
// that setting up costs nothing.
// usage: node scripts/instructions.js [--write]
//   --write: puts the table into docs/performance.md, between its markers

const { execFileSync, spawnSync } = require('child_process')
const { ROOT } = require('../lib/crossing/platform')
const { count, table } = require('./markdown')
const { writeMarked } = require('./marked')

const FEW = 1000
const MANY = 2000

if (spawnSync('valgrind', ['--version']).status !== 0) {
  console.log('Instructions are counted by valgrind, which is not installed: nothing was counted.')
  process.exit(0)
}

const bench = build()
const rooms = run(bench, []).trim().split('\n')
const rows = rooms.map((name, room) => {
  const [few, many] = [FEW, MANY].map((times) => counted(room, times))
  const each = (many.instructions - few.instructions) / (many.units - few.units)
  return [name, count(Math.round(each))]
})
const text = table(['room', 'instructions'], rows)
console.log(text)
if (process.argv.includes('--write')) writeMarked('docs/performance.md', 'instructions', text)

function build() {
  const args = ['bench', '--locked', '--no-default-features', '--bench', 'instructions', '--no-run']
  const { status, stdout } = spawnSync('cargo', [...args, '--message-format=json'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  if (status !== 0) process.exit(1)
  const artifacts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return artifacts.findLast((artifact) => artifact.executable).executable
}

function counted(room, times) {
  const args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', bench, room, times]
  const { status, stdout, stderr } = spawnSync('valgrind', args, { encoding: 'utf8' })
  const instructions = /Collected : (\d+)/.exec(stderr)
  if (status !== 0 || !instructions) throw new Error(`valgrind failed: ${stderr}`)
  return { instructions: Number(instructions[1]), units: Number(stdout) }
}

function run(file, args) {
  return execFileSync(file, args, { encoding: 'utf8' })
}
