'use strict'

// Fuzzes the engine (fuzz/), minimises the corpus that is kept, writes what came of it into docs/reliability.md.
//   npm run fuzz -- [--target decode|node|boundary] [--minutes M]
// A target is run until its coverage (edges of the instrumented code) stands still: has not grown for QUIET minutes.
// It ends when the AFTER minutes that follow bring nothing new either, at the latest after --minutes (60 unless given).
// As many targets run at once as there are processors.
// Needs: cargo install cargo-fuzz. A crash leaves its input in fuzz/artifacts and fails the run.

const { execFileSync, spawn, spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { parseArgs } = require('util')
const { ROOT } = require('../lib/platform')
const { readMarked, writeMarked } = require('./marked')

const TARGETS = ['decode', 'node', 'boundary']
const QUIET = 3
const AFTER = 10
const MINUTE = 60000
const FUZZ = path.join(ROOT, 'fuzz')
const DOCUMENT = 'docs/reliability.md'
const HEAD = `| target | executions | a second | minutes until coverage first stood still | minutes after that | edges covered, of all instrumented | of them found in the minutes after | inputs kept | kB |
|---|---|---|---|---|---|---|---|---|`

// Larger inputs find nothing new: a datagram has at most 2048 bytes. An input that takes 10 s would be a hang.
const FLAGS = ['-max_len=4096', '-timeout=10', '-rss_limit_mb=2048', '-print_final_stats=1']

main()

async function main() {
  const { values } = parseArgs({
    options: { target: { type: 'string', multiple: true }, minutes: { type: 'string' } }
  })
  const minutes = Number(values.minutes ?? 60)
  const targets = values.target ?? TARGETS
  if (!(minutes > 0) || targets.some((target) => !TARGETS.includes(target))) {
    console.error(`usage: npm run fuzz -- [--target ${TARGETS.join('|')}] [--minutes M]`)
    process.exit(2)
  }
  const folder = build()
  const waiting = [...targets]
  const worker = async () => {
    for (let target; (target = waiting.shift());) await fuzz(target, folder, minutes)
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker))
}

// Where the instrumented programs are.
function build() {
  const env = { ...process.env, RUSTC_BOOTSTRAP: '1' }
  const { status } = spawnSync('cargo', ['fuzz', 'build'], { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) fail('cargo fuzz does not build; is it installed? cargo install cargo-fuzz')
  const args = ['metadata', '--format-version=1', '--no-deps']
  const { target_directory } = JSON.parse(execFileSync('cargo', args, { cwd: FUZZ }))
  const host = /host: (\S+)/.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1]
  return path.join(target_directory, host, 'release')
}

async function fuzz(target, folder, minutes) {
  const program = path.join(folder, target)
  const corpus = path.join(FUZZ, 'corpus', target)
  const work = fs.mkdtempSync(path.join(os.tmpdir(), `fuzz-${target}-`))
  try {
    const run = await watch(target, program, [work, corpus], minutes)
    minimise(program, corpus, work)
    record(target, run, measure(program, corpus))
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

// Runs until the rule at the top says so.
function watch(target, program, folders, minutes) {
  const artifacts = path.join(FUZZ, 'artifacts', target) + path.sep
  fs.mkdirSync(artifacts, { recursive: true })
  const child = spawn(program, [...FLAGS, `-artifact_prefix=${artifacts}`, ...folders], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const start = Date.now()
  const run = { edges: 0, grownAt: start, edgesBefore: 0, stoodStillAt: 0, executions: 0, start }
  const timer = setInterval(() => {
    const now = Date.now()
    const quiet = now - run.grownAt
    if (quiet >= QUIET * MINUTE && !run.stoodStillAt) {
      run.stoodStillAt = run.grownAt
      run.edgesBefore = run.edges
      console.log(`${target}: coverage stands still at ${run.edges} edges`)
    }
    run.done = quiet >= (QUIET + AFTER) * MINUTE
    if (run.done || now - start >= minutes * MINUTE) child.kill('SIGINT')
  }, 1000)
  return new Promise((resolve) => {
    let tail = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      const lines = (tail + text).split('\n')
      tail = lines.pop()
      for (const line of lines) note(target, run, line)
    })
    child.on('close', () => {
      clearInterval(timer)
      if (run.crashed) fail(`${target} failed, its input is in ${artifacts}\n${run.crashed}`)
      resolve({ ...run, end: Date.now() })
    })
  })
}

function note(target, run, line) {
  const edges = /^#\d+\s.*cov: (\d+)/.exec(line)
  const executions = /^stat::number_of_executed_units:\s*(\d+)/.exec(line)
  if (executions) run.executions = Number(executions[1])
  if (/panicked at|ERROR: (libFuzzer|AddressSanitizer)/.test(line)) run.crashed ??= line
  if (!edges || Number(edges[1]) <= run.edges) return
  run.edges = Number(edges[1])
  run.grownAt = Date.now()
}

// Keeps a set of inputs that covers what all of them do. What once showed a bug (found-*) stays.
function minimise(program, corpus, work) {
  const small = fs.mkdtempSync(path.join(os.tmpdir(), 'fuzz-small-'))
  const args = ['-set_cover_merge=1', '-use_counters=0', '-max_len=4096', small, work, corpus]
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30 })
  if (status !== 0) fail(`the corpus was not minimised:\n${stderr.slice(-2000)}`)
  for (const name of fs.readdirSync(corpus)) {
    if (!name.startsWith('found-')) fs.rmSync(path.join(corpus, name))
  }
  for (const name of fs.readdirSync(small)) {
    fs.copyFileSync(path.join(small, name), path.join(corpus, name))
  }
  fs.rmSync(small, { recursive: true })
}

// What the corpus that is kept covers.
function measure(program, corpus) {
  const { stderr } = spawnSync(program, ['-runs=0', corpus], { encoding: 'utf8' })
  const files = fs.readdirSync(corpus)
  const bytes = files.reduce((sum, name) => sum + fs.statSync(path.join(corpus, name)).size, 0)
  return {
    edges: Number(/INITED\s+cov: (\d+)/.exec(stderr)[1]),
    all: Number(/\((\d+) inline 8-bit counters\)/.exec(stderr)[1]),
    files: files.length,
    kilobytes: Math.ceil(bytes / 1000)
  }
}

function record(target, run, kept) {
  const seconds = (run.end - run.start) / 1000
  const still = run.stoodStillAt
  const minutes = (from, to) => ((to - from) / MINUTE).toFixed(1)
  const cells = [
    target,
    run.executions.toLocaleString('en').replaceAll(',', ' '),
    Math.round(run.executions / seconds),
    still ? minutes(run.start, still) : 'it was still growing',
    still ? minutes(still, run.end) + (run.done ? '' : ', and it was still growing') : 0,
    `${Math.max(run.edges, kept.edges)} of ${kept.all}`,
    still ? run.edges - run.edgesBefore : '',
    kept.files,
    kept.kilobytes
  ]
  const row = `| ${cells.join(' | ')} |`
  console.log(row)
  const rows = readMarked(DOCUMENT, 'fuzzing').split('\n')
  const others = TARGETS.map((name) => rows.find((line) => line.startsWith(`| ${name} |`)))
  others[TARGETS.indexOf(target)] = row
  writeMarked(DOCUMENT, 'fuzzing', [HEAD, ...others.filter(Boolean)].join('\n'))
}

function fail(reason) {
  console.error(reason)
  process.exit(1)
}
