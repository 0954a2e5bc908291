'use strict'

// npm run sanitize: the suite in JavaScript on a binding built with AddressSanitizer, debug assertions and overflow
// checks. Needs Linux, cargo and a C compiler. The sanitizer's runtime is rustc's own, preloaded into Node.js; leaks are
// not looked for, as Node.js leaves much behind at exit (npm run soak looks for growth).
//   node scripts/sanitize.js [--write] [FILE …]
//   FILE: test files, all that can run so by default
//   --write: puts the outcome into docs/reliability.md; of all files only

const { execFileSync, spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { parseArgs } = require('util')
const { ROOT } = require('../lib/crossing/platform')
const { machine } = require('./machine')
const { writeMarked } = require('./marked')

const TARGET = 'x86_64-unknown-linux-gnu'
const OUT = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target', 'sanitize')

// Test files that are left out, by what keeps them from it.
const LEFT_OUT = {
  'it compares times': ['bench'],
  'it runs the core in a program of its own': ['differential'],
  'they run no engine': ['ci', 'load-error', 'package', 'platform', 'skips', 'types']
}

const BUILD = {
  RUSTC_BOOTSTRAP: '1',
  RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers=yes',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_STRIP: 'none',
  CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
  CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
  CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS: 'true'
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } }
})

if (options.write && positionals.length > 0) {
  console.error('--write is for a run of all test files; without it any of them may be named')
  process.exit(2)
}
if (process.platform !== 'linux' || process.arch !== 'x64')
  console.log('skipped: needs Linux on x64')
else main()

function main() {
  fs.mkdirSync(OUT, { recursive: true })
  const runtime = buildRuntime()
  const env = {
    LD_PRELOAD: runtime,
    DHT_RPC_NATIVE_BINDING: buildBinding(),
    TEST_PACKAGES: 'native'
  }
  if (!sees(runtime)) throw new Error('The sanitizer does not see an error that is there')

  const files = positionals.length > 0 ? positionals : testFiles()
  const { passed, failed } = runTests(files, env)
  const reports = fs.readdirSync(OUT).filter((name) => name.startsWith('report.'))
  const text =
    `${machine()}, ${execFileSync('rustc', ['--version'], { encoding: 'utf8' }).trim()}. ` +
    `AddressSanitizer, debug assertions and overflow checks: ${reports.length} reports in ${files.length} ` +
    `test files (${passed} tests passed, ${failed} failed). ` +
    'A use of freed memory that an addon makes on purpose is seen in the same set-up. ' +
    `Left out: ${leftOut()}.`
  console.log(`${text}\n${reports.map((name) => path.join(OUT, name)).join('\n')}`)
  if (options.write) writeMarked('docs/reliability.md', 'sanitizers', text)
  process.exit(reports.length === 0 && failed === 0 ? 0 : 1)
}

// The runtime is made for executables. Without the object that only those may have it can be preloaded.
function buildRuntime() {
  const sysroot = execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim()
  const folder = path.join(sysroot, 'lib/rustlib', TARGET, 'lib')
  const archive = fs.readdirSync(folder).find((name) => name.endsWith('_rt.asan.a'))
  const copy = path.join(OUT, 'runtime.a')
  const library = path.join(OUT, 'runtime.so')
  fs.copyFileSync(path.join(folder, archive), copy)
  execFileSync('ar', ['d', copy, 'asan_preinit.cpp.o'])
  const whole = ['-Wl,--whole-archive', copy, '-Wl,--no-whole-archive']
  execFileSync('cc', ['-shared', '-o', library, ...whole, '-lpthread', '-ldl', '-lm', '-lrt'])
  return library
}

function buildBinding() {
  const args = ['build', '--release', '--locked', '--lib', '--target', TARGET, '--target-dir', OUT]
  const env = { ...process.env, ...BUILD }
  execFileSync('cargo', args, { cwd: ROOT, env, stdio: 'inherit' })
  const binding = path.join(OUT, 'dht-rpc.node')
  fs.copyFileSync(path.join(OUT, TARGET, 'release', 'libdht_rpc_native.so'), binding)
  return binding
}

// The control: an addon that reads what it freed.
function sees(runtime) {
  const source = `#[unsafe(no_mangle)]
    pub extern "C" fn napi_register_module_v1(_: usize, exports: usize) -> usize {
      let freed = { let boxed = Box::new(1usize); std::hint::black_box(&raw const *boxed) };
      exports + 0 * unsafe { freed.read_volatile() }
    }`
  const addon = path.join(OUT, 'control.node')
  const args = ['-Zsanitizer=address', '--edition=2024', '--crate-type=cdylib', '-o', addon, '-']
  execFileSync('rustc', args, { input: source, env: { ...process.env, RUSTC_BOOTSTRAP: '1' } })
  const env = { ...process.env, LD_PRELOAD: runtime, ASAN_OPTIONS: 'detect_leaks=0' }
  const { stderr } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon)})`], {
    env
  })
  return String(stderr).includes('heap-use-after-free')
}

function runTests(files, env) {
  for (const name of fs.readdirSync(OUT)) {
    if (name.startsWith('report.')) fs.rmSync(path.join(OUT, name))
  }
  const log = path.join(OUT, 'report')
  const asan = `detect_leaks=0:handle_segv=0:exitcode=99:log_path=${log}`
  const outcome = path.join(OUT, 'tests.tap')
  const args = [
    '--test',
    '--test-concurrency=2',
    '--test-timeout=600000',
    '--test-reporter=tap',
    `--test-reporter-destination=${outcome}`,
    ...files
  ]
  spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env, ASAN_OPTIONS: asan, SOAK_ANY_MEMORY: '1' },
    stdio: 'inherit'
  })
  const text = fs.readFileSync(outcome, 'utf8')
  for (const [line] of text.matchAll(/^\s*not ok.*$/gm)) console.log(line)
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(text)[1])
  // A file that is not done in time is cancelled.
  return { passed: count('pass'), failed: count('fail') + count('cancelled') }
}

function leftOut() {
  const reasons = Object.entries(LEFT_OUT)
  return reasons.map(([why, names]) => `${names.join(', ')} (${why})`).join('; ')
}

function testFiles() {
  const names = Object.values(LEFT_OUT).flat()
  return fs
    .readdirSync(path.join(ROOT, '__test__'))
    .filter((name) => name.endsWith('.test.js') && !names.includes(name.slice(0, -8)))
    .map((name) => path.join('__test__', name))
}
