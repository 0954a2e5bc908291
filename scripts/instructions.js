'use strict'

// How many instructions the hot rooms of the core take: callgrind's count for 2 000 runs less that for 1 000, so
// that setting up costs nothing.
// usage: node scripts/instructions.js [--write]
//   --write: puts the table into docs/performance.md, between its markers

const { execFileSync, spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/platform')

const DOCUMENT = path.join(ROOT, 'docs', 'performance.md')
const FEW = 1000
const MANY = 2000

if (spawnSync('valgrind', ['--version']).status !== 0) {
  console.log('Instructions are counted by valgrind, which is not installed: nothing was counted.')
  process.exit(0)
}

const bench = build()
const rooms = run(bench, []).trim().split('\n')
const rows = rooms.map((name, room) => {
  const [few, many] = [FEW, MANY].map((count) => counted(room, count))
  const each = (many.instructions - few.instructions) / (many.units - few.units)
  return `| ${name} | ${Math.round(each).toLocaleString('en-US').replaceAll(',', ' ')} |`
})
const table = ['| room | instructions |', '|---|---|', ...rows].join('\n')
console.log(table)
if (process.argv.includes('--write')) write(table)

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

function counted(room, count) {
  const args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', bench, room, count]
  const { status, stdout, stderr } = spawnSync('valgrind', args, { encoding: 'utf8' })
  const instructions = /Collected : (\d+)/.exec(stderr)
  if (status !== 0 || !instructions) throw new Error(`valgrind failed: ${stderr}`)
  return { instructions: Number(instructions[1]), units: Number(stdout) }
}

function run(file, args) {
  return execFileSync(file, args, { encoding: 'utf8' })
}

function write(table) {
  const [start, end] = ['<!-- instructions -->', '<!-- /instructions -->']
  const document = fs.readFileSync(DOCUMENT, 'utf8')
  const [from, to] = [document.indexOf(start), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no ${start} … ${end}`)
  fs.writeFileSync(
    DOCUMENT,
    `${document.slice(0, from + start.length)}\n\n${table}\n\n${document.slice(to)}`
  )
}
