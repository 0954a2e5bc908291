'use strict'

// The binding that comes with the tests in Rust: quickly built, with debug assertions and overflow checks.

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT, libraryName } = require('../../lib/crossing/platform')

module.exports = { buildBinding }

// Puts it there; returns an exit code.
function buildBinding(cargoTest, file) {
  const command = `${cargoTest} --no-run --message-format json-render-diagnostics`
  const stdio = ['ignore', 'pipe', 'inherit']
  const options = { cwd: ROOT, shell: true, stdio, encoding: 'utf8', maxBuffer: 1 << 28 }
  const { status, stdout } = spawnSync(command, options)
  if (status !== 0) return status ?? 1
  const built = stdout
    .split('\n')
    .filter(Boolean)
    .flatMap((message) => JSON.parse(message).filenames || [])
    .find((name) => path.basename(name) === libraryName())
  // Renamed into place: some process may have mapped the old one.
  const draft = `${file}.${process.pid}`
  fs.copyFileSync(built, draft)
  fs.renameSync(draft, file)
  return 0
}
