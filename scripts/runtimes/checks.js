'use strict'

// What is run on a runtime. Each check returns { title, passed, limits, failures }: how many passed, what cannot run and
// why, what failed.

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { withBundle } = require('./bundle')
const { ROOT, CACHE, STAGE, HARNESS } = require('./paths')
const { limitOf } = require('./limits')

const MINUTES = 5 // of a suite at most
const MARK = 'outcomes '

module.exports = { article, suite, program, bundle }

// A package's telling of the tutorial's story.
function article(runtime, folder = '.') {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [path.join('scripts', 'article.js'), folder, '--node', wrapper(runtime)],
    { cwd: ROOT, encoding: 'utf8' }
  )
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(stdout) || [null, 0, 1]
  const failures = Number(failed) > 0 ? [stdout + stderr] : []
  return { title: 'the article', passed: Number(passed), limits: [], failures }
}

function suite(runtime, { name, file }) {
  const result = { title: name, passed: 0, limits: [], failures: [] }
  const reason = limitOf(runtime.name, name)
  if (reason !== null) {
    result.limits.push({ what: name, reason })
    return result
  }
  const { outcomes, output } = run(runtime, file)
  if (outcomes === null) result.failures.push(`${name} came to no end:\n${output}`)
  else for (const outcome of outcomes) count(result, runtime, outcome)
  return result
}

function count(result, runtime, { name, error, skipped }) {
  const reason = skipped ?? (error && limitOf(runtime.name, result.title, name))
  if (reason) result.limits.push({ what: `${result.title}: ${name}`, reason })
  else if (error) result.failures.push(`${result.title}: ${name}\n${error}`)
  else result.passed++
}

function run({ program, args, packages }, file) {
  const env = {
    ...process.env,
    TEST_PACKAGES: packages.join(),
    TEST_RUNTIME: JSON.stringify([program, ...args]),
    TEST_EVALUATE: path.join(HARNESS, 'eval.js')
  }
  const { stdout, stderr } = spawnSync(program, [...args, path.join(HARNESS, 'main.js'), file], {
    cwd: path.dirname(file),
    env,
    encoding: 'utf8',
    timeout: MINUTES * 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: Infinity
  })
  const line = stdout.split('\n').find((line) => line.startsWith(MARK))
  return {
    outcomes: line ? JSON.parse(line.slice(MARK.length)) : null,
    output: stdout + stderr
  }
}

// A program of the folder bare, which has nothing but the runtime and the package.
function program(runtime, file) {
  const title = `Bare: ${path.parse(file).name}`
  const { status, signal, stdout, stderr } = spawnSync(runtime.program, [file, STAGE], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL'
  })
  const passed = (stdout.match(/^ok /gm) || []).length
  const failures =
    status === 0 && passed > 0 ? [] : [`${title}: ${status ?? signal}\n${stdout}${stderr}`]
  return { title, passed, limits: [], failures }
}

// The same of a program that Pear's bundler made one file of.
function bundle(runtime) {
  return withBundle((file) => program(runtime, file))
}

// What the article takes as `--node`: one executable that is given the program's path and nothing else.
function wrapper({ name, program, args }) {
  const file = path.join(CACHE, `${name.replace(' ', '-')}.sh`)
  const words = [program, ...args].map((word) => `'${word}'`)
  fs.writeFileSync(file, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`)
  fs.chmodSync(file, 0o755)
  return file
}
