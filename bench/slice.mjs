// The slice through the whole house, measured beside the reference in one run:
//   sequential `await ping()` in one process, a user request's cost on the JavaScript thread, and
//   worker threads that end under load.
// usage: node bench/slice.mjs [--rounds 5] [--workers 1000] [--write]
//   --write: puts the table into docs/architecture.md
import { execFileSync, fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const PACKAGES = {
  reference: require.resolve('dht-rpc-reference'),
  engine: fileURLToPath(new URL('../index.js', import.meta.url))
}
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENT = new URL('../docs/architecture.md', import.meta.url)

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    workers: { type: 'string', default: '1000' },
    write: { type: 'boolean', default: false }
  }
})
const rounds = Number(options.rounds)
const load = buildLoad()

const samples = { reference: { ping: [], serve: [] }, engine: { ping: [], serve: [] } }
for (let round = 1; round <= rounds; round++) {
  for (const name of Object.keys(PACKAGES)) {
    process.stderr.write(`\rround ${round} of ${rounds}: ${name}   `)
    samples[name].ping.push(await run('ping', PACKAGES[name]))
    samples[name].serve.push(await run('serve', PACKAGES[name]))
  }
}
process.stderr.write(`\r${options.workers} worker threads that end under load…   `)
const workers = await run('workers', PACKAGES.engine, options.workers)
process.stderr.write('\r'.padEnd(60) + '\r')

const table = [
  '| workload | reference | this engine | ratio | at most |',
  '|---|---|---|---|---|',
  row('sequential `await ping()`, one process: µs each', 'ping', 'wall', 1),
  row('the same: CPU of the whole process, µs each', 'ping', 'cpu'),
  row('user request, 64 in flight: JavaScript thread, µs each', 'serve', 'thread', 0.25),
  row('the same: CPU of the whole process, µs each', 'serve', 'cpu'),
  `| worker threads ended under load, clean | | ${workers.clean} of ${workers.total} | | |`
].join('\n')
const machine = `${os.cpus().length} × ${os.cpus()[0].model.trim()}, Node ${process.version}, ${rounds} rounds, median (least–most)`
console.log(`${machine}\n\n${table}`)
if (options.write) write(`${machine}:\n\n${table}`)
if (workers.clean !== workers.total) process.exitCode = 1

function buildLoad() {
  const target = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target')
  const manifest = path.join(ROOT, 'bench', 'load', 'Cargo.toml')
  const args = [
    'build',
    '--release',
    '--quiet',
    '--manifest-path',
    manifest,
    '--target-dir',
    target
  ]
  execFileSync('cargo', args, { stdio: 'inherit' })
  return path.join(target, 'release', process.platform === 'win32' ? 'load.exe' : 'load')
}

function run(workload, file, ...args) {
  const child = fork(new URL(`./slice/${workload}.mjs`, import.meta.url), [file, ...args], {
    env: { ...process.env, LOAD: load }
  })
  return new Promise((resolve, reject) => {
    let result = null
    child.on('message', (message) => {
      result = message
    })
    child.on('exit', (code) => {
      if (code === 0 && result) resolve(result)
      else reject(new Error(`${workload} on ${file} ended with ${code}`))
    })
  })
}

// A ratio over its bound fails the run.
function row(text, workload, figure, bound) {
  const of = (name) => samples[name][workload].map((sample) => sample[figure])
  const ratio = median(of('engine')) / median(of('reference'))
  if (bound !== undefined && ratio > bound) process.exitCode = 1
  const cells = [text, spread(of('reference')), spread(of('engine')), ratio.toFixed(2), bound ?? '']
  return `| ${cells.join(' | ')} |`
}

function spread(list) {
  const digits = (n) => n.toFixed(1)
  return `${digits(median(list))} (${digits(Math.min(...list))}–${digits(Math.max(...list))})`
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

function write(text) {
  const document = readFileSync(DOCUMENT, 'utf8')
  const marked = /(<!-- slice -->\n)[\s\S]*?(<!-- \/slice -->)/
  if (!marked.test(document)) throw new Error('docs/architecture.md has no place for the table')
  writeFileSync(
    DOCUMENT,
    document.replace(marked, (_, a, b) => `${a}${text}\n${b}`)
  )
}
