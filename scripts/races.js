'use strict'

// npm run races: the engine's tests in Rust, threads and real sockets among them, with ThreadSanitizer. That needs a
// standard library that is instrumented as well, so a compiler with its sources beside it, and the runtime that Clang
// brings. On Debian: apt-get install rustc-web cargo-web rust-web-src libclang-rt-22-dev lld.
//   node scripts/races.js [--write]
//   --write: puts the outcome into docs/reliability.md

const { execFileSync, spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')
const { machine } = require('./machine')
const { writeMarked } = require('./marked')

const TARGET = 'x86_64-unknown-linux-gnu'
const RUNTIME = 'libclang_rt.tsan-x86_64.a'
const OUT = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target', 'races')
const FOUND = /^(WARNING|SUMMARY): ThreadSanitizer/gm
const PASSED = /^test result: .* (\d+) passed; (\d+) failed/gm

// Rust's own sources are with Debian's compiler, and not with rustup's.
const PATH = `/usr/bin:/bin:${process.env.PATH}`

if (process.platform !== 'linux' || process.arch !== 'x64')
  console.log('skipped: needs Linux on x64')
else main(process.argv.includes('--write'))

function main(write) {
  const runtime = findRuntime('/usr/lib')
  if (runtime === null || !hasSources()) {
    console.log('skipped: needs rust-web-src, libclang-rt-22-dev and lld, or what is like them')
    return
  }
  const env = environment(runtime)
  if (!sees(env)) throw new Error('The sanitizer does not see a race that is there')

  const { output, status } = test(env)
  const reports = [...output.matchAll(FOUND)].length
  const [passed, failed] = [1, 2].map((i) => sum(output, i))
  const rust = execFileSync('rustc', ['--version'], { env, encoding: 'utf8' }).trim()
  const text =
    `${machine()}, ${rust}. ThreadSanitizer: ${reports} reports in the tests of the library and of the engine on real ` +
    `sockets (${passed} passed, ${failed} failed). A race that is there is seen in the same set-up.`
  console.log(text)
  if (write) writeMarked('docs/reliability.md', 'races', text)
  process.exit(status === 0 && reports === 0 ? 0 : 1)
}

function findRuntime(folder) {
  for (const llvm of list(folder, /^llvm-\d+$/)) {
    const clang = path.join(folder, llvm, 'lib', 'clang')
    for (const version of list(clang, /^\d/)) {
      const file = path.join(clang, version, 'lib', 'linux', RUNTIME)
      if (fs.existsSync(file)) return file
    }
  }
  return null
}

// The newest first.
function list(folder, pattern) {
  const names = fs.existsSync(folder)
    ? fs.readdirSync(folder).filter((name) => pattern.test(name))
    : []
  return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
}

function hasSources() {
  const env = { ...process.env, PATH }
  const { stdout, error } = spawnSync('rustc', ['--print', 'sysroot'], { env, encoding: 'utf8' })
  return !error && fs.existsSync(path.join(stdout.trim(), 'lib/rustlib/src/rust/library/std'))
}

// The compiler's own runtime is not there: Clang's is linked whole into each program, and its functions exported for the
// libraries that it watches. A library of ours, which the tests build and do not load, goes without.
function environment(runtime) {
  const linker = path.join(OUT, 'link.sh')
  const args = `-fuse-ld=lld -Wl,--whole-archive "${runtime}" -Wl,--no-whole-archive -Wl,--export-dynamic -lc`
  const script = `case " $* " in *" -shared "*) exec cc "$@" ;; *) exec cc "$@" ${args} ;; esac`
  fs.mkdirSync(OUT, { recursive: true })
  fs.writeFileSync(linker, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return {
    ...process.env,
    PATH,
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: `-Zsanitizer=thread -Zexternal-clangrt -Clinker-flavor=gcc -Clinker=${linker}`
  }
}

function test(env) {
  const args = [
    'test',
    '--locked',
    '--lib',
    '--test',
    'engine',
    '--no-default-features',
    '--no-fail-fast'
  ]
  return cargo([...args, '-Zbuild-std', '--target', TARGET, '--target-dir', OUT], ROOT, env)
}

// The control: two threads that write to one place.
function sees(env) {
  const folder = path.join(OUT, 'control')
  fs.mkdirSync(path.join(folder, 'src'), { recursive: true })
  fs.writeFileSync(
    path.join(folder, 'Cargo.toml'),
    '[package]\nname = "control"\nedition = "2024"\n[workspace]\n'
  )
  fs.writeFileSync(
    path.join(folder, 'src/main.rs'),
    `static mut PLACE: u64 = 0;
    fn write() {
      for _ in 0..1000 { unsafe { (&raw mut PLACE).write_volatile((&raw const PLACE).read_volatile() + 1) } }
    }
    fn main() {
      let other = std::thread::spawn(write);
      write();
      other.join().unwrap();
    }`
  )
  const args = ['run', '-Zbuild-std', '--target', TARGET, '--target-dir', OUT]
  return cargo(args, folder, env).output.includes('WARNING: ThreadSanitizer: data race')
}

function cargo(args, cwd, env) {
  const { status, stdout, stderr, error } = spawnSync('cargo', args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28
  })
  if (error) throw error
  process.stdout.write(stdout)
  if (status !== 0) process.stderr.write(stderr)
  return { status, output: stdout + stderr }
}

function sum(output, group) {
  return [...output.matchAll(PASSED)].reduce((total, match) => total + Number(match[group]), 0)
}
