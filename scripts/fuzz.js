'use strict'

// Fuzzes the engine (fuzz/), minimises the corpus that is kept, writes what came of it into docs/reliability.md.
//   npm run fuzz -- [--target decode|node|boundary|packet|hub] [--minutes M]
// A target is run until its coverage (edges of the engine's own code, see edges.js) stands still: has not grown for
// QUIET minutes.
// It ends when the AFTER minutes that follow bring nothing new either, at the latest after --minutes (60 unless given).
// Then all that was found is run with AddressSanitizer, which fuzzes on for ADDRESS minutes. The coverage is that of a
// build without it: the sanitizer's own checks would count as edges, and it takes several times as long.
// As many targets run at once as there are processors; what is left of these runs the same targets, and each process
// takes over what the others found. Everything found stays in the folder of the build, for the next run.
// Needs: cargo install cargo-fuzz. A crash leaves its input in fuzz/artifacts and fails the run.

const { execFileSync, spawn, spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { parseArgs } = require('util')
const { ROOT } = require('../lib/crossing/platform')
const { Edges } = require('./edges')
const { readMarked, writeMarked } = require('./marked')

const TARGETS = ['decode', 'node', 'boundary', 'packet', 'hub']
const QUIET = 3
const AFTER = 10
const ADDRESS = 5
const MINUTE = 60000
const FUZZ = path.join(ROOT, 'fuzz')
const DOCUMENT = 'docs/reliability.md'
const HEAD = `| target | executions | a second | minutes until coverage first stood still | minutes after that | edges covered, of all instrumented | of the engine's own | of these found in the minutes after | then with AddressSanitizer | inputs kept | kB |
|---|---|---|---|---|---|---|---|---|---|---|`

// Larger inputs find nothing new: a datagram has at most 2048 bytes. An input that takes 10 s would be a hang.
const FLAGS = [
  '-max_len=4096',
  '-timeout=10',
  '-rss_limit_mb=2048',
  '-print_final_stats=1',
  '-print_pcs=1'
]

// Inputs are drawn evenly: weighing them takes a third of the time. What is freed is watched for the next 16 MB.
const DRAWING = ['-entropic=0']
const ENV = { ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=16:malloc_context_size=1' }

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
  const plain = build('none')
  const address = build('address')
  const waiting = [...targets]
  const processors = os.availableParallelism()
  const jobs = Math.max(1, Math.floor(processors / targets.length))
  const worker = async () => {
    for (let target; (target = waiting.shift());) {
      await fuzz(target, { plain, address }, jobs, minutes)
    }
  }
  await Promise.all(Array.from({ length: Math.ceil(processors / jobs) }, worker))
}

// The folder of the programs that are instrumented for a sanitizer.
function build(sanitizer) {
  const env = { ...process.env, RUSTC_BOOTSTRAP: '1' }
  const folder = path.join(FUZZ, 'target', sanitizer)
  const args = ['fuzz', 'build', '--no-trace-compares', '-s', sanitizer, '--target-dir', folder]
  const { status } = spawnSync('cargo', args, { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) fail('cargo fuzz does not build; is it installed? cargo install cargo-fuzz')
  const host = /host: (\S+)/.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1]
  return path.join(folder, host, 'release')
}

async function fuzz(target, { plain, address }, jobs, minutes) {
  const program = path.join(plain, target)
  const edges = new Edges(program)
  const corpus = path.join(FUZZ, 'corpus', target)
  const found = path.join(FUZZ, 'target', 'found', target)
  fs.mkdirSync(found, { recursive: true })
  const run = await watch(target, program, edges, [found, corpus], jobs, minutes)
  const sanitizing = path.join(address, target)
  const sanitized = await watch(
    target,
    sanitizing,
    new Edges(sanitizing),
    [found, corpus],
    jobs,
    ADDRESS
  )
  minimise(program, corpus, found)
  record(target, run, sanitized, edges, measure(program, edges, corpus))
}

// Runs until the rule at the top says so.
async function watch(target, program, edges, folders, jobs, minutes) {
  const artifacts = path.join(FUZZ, 'artifacts', target) + path.sep
  fs.mkdirSync(artifacts, { recursive: true })
  const args = [...FLAGS, ...DRAWING, `-artifact_prefix=${artifacts}`, ...folders]
  const children = Array.from({ length: jobs }, () =>
    spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: ENV })
  )
  const start = Date.now()
  const run = {
    edges,
    found: new Set(),
    foundBefore: 0,
    start,
    grownAt: start,
    stoodStillAt: 0,
    executions: 0
  }
  const timer = setInterval(() => {
    const now = Date.now()
    const quiet = now - run.grownAt
    if (quiet >= QUIET * MINUTE && !run.stoodStillAt) {
      run.stoodStillAt = run.grownAt
      run.foundBefore = run.found.size
    }
    run.done = quiet >= (QUIET + AFTER) * MINUTE
    const isOver = run.done || run.crashed || now - start >= minutes * MINUTE
    if (isOver) for (const child of children) child.kill('SIGINT')
  }, 1000)
  await Promise.all(children.map((child) => listen(child, run)))
  clearInterval(timer)
  if (run.crashed) fail(`${target} failed, its input is in ${artifacts}\n${run.crashed}`)
  return { ...run, end: Date.now() }
}

// Until it ends.
function listen(child, run) {
  let tail = ''
  let base = 0
  child.stderr.setEncoding('utf8').on('data', (text) => {
    const lines = (tail + text).split('\n')
    tail = lines.pop()
    for (const line of lines) {
      base = run.edges.base(line) ?? base
      note(run, line, base)
    }
  })
  return new Promise((resolve) => child.on('close', resolve))
}

function note(run, line, base) {
  const edge = run.edges.reported(line, base)
  const executions = /^stat::number_of_executed_units:\s*(\d+)/.exec(line)
  if (executions) run.executions += Number(executions[1])
  if (/panicked at|ERROR: (libFuzzer|AddressSanitizer)/.test(line)) run.crashed ??= line
  if (edge === null || run.found.has(edge)) return
  run.found.add(edge)
  run.grownAt = Date.now()
}

// Keeps a set of inputs that covers what all of them do. What once showed a bug (found-*) stays.
function minimise(program, corpus, found) {
  const small = fs.mkdtempSync(path.join(os.tmpdir(), 'fuzz-small-'))
  const args = ['-set_cover_merge=1', '-use_counters=0', '-max_len=4096', small, found, corpus]
  const options = { encoding: 'utf8', maxBuffer: 1 << 30, env: ENV }
  const { status, stderr } = spawnSync(program, args, options)
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
function measure(program, edges, corpus) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fuzz-measured-'))
  const control = path.join(folder, 'control')
  const merged = path.join(folder, 'merged')
  fs.mkdirSync(merged)
  spawnSync(program, ['-merge=1', `-merge_control_file=${control}`, merged, corpus])
  const lines = fs.readFileSync(control, 'utf8').match(/^COV .*/gm)
  const covered = lines.flatMap((line) => line.split(' ').slice(2).map(Number))
  fs.rmSync(folder, { recursive: true })
  const files = fs.readdirSync(corpus)
  const bytes = files.reduce((sum, name) => sum + fs.statSync(path.join(corpus, name)).size, 0)
  return {
    edges: covered.length,
    own: edges.countOwn(covered),
    files: files.length,
    kilobytes: Math.ceil(bytes / 1000)
  }
}

function record(target, run, sanitized, edges, kept) {
  const seconds = (run.end - run.start) / 1000
  const still = run.stoodStillAt
  const minutes = (from, to) => ((to - from) / MINUTE).toFixed(1)
  const cells = [
    target,
    spaced(run.executions),
    Math.round(run.executions / seconds),
    still ? minutes(run.start, still) : 'it was still growing',
    still ? minutes(still, run.end) + (run.done ? '' : ', and it was still growing') : 0,
    `${kept.edges} of ${edges.all}`,
    `${kept.own} of ${edges.own}`,
    still ? run.found.size - run.foundBefore : '',
    spaced(sanitized.executions),
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

function spaced(number) {
  return number.toLocaleString('en').replaceAll(',', ' ')
}

function fail(reason) {
  console.error(reason)
  process.exit(1)
}
