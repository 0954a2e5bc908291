'use strict'

// Makes a fresh clone ready: installs the node modules of the lock file, builds the native binding.
// Quick when there is nothing to do. Uses nothing that it would have to install first.

const { spawnSync } = require('child_process')
const { createHash } = require('crypto')
const fs = require('fs')
const path = require('path')
const { build } = require('./build')
const { ROOT } = require('../lib/crossing/platform')

const MODULES = path.join(ROOT, 'node_modules')
const STAMP = path.join(MODULES, '.installed-from')

module.exports = { installModules, setup }

if (require.main === module) setup()

function setup() {
  installModules()
  build()
}

function installModules() {
  const lock = createHash('sha256')
    .update(fs.readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex')
  if (fs.existsSync(STAMP) && fs.readFileSync(STAMP, 'utf8') === lock) return

  // To stderr: what runs next may have a result to print.
  console.error('Installing node modules')
  // One string: npm is a script with an extension of its own on Windows. The lock file's packages need no scripts.
  const { status } = spawnSync('npm ci --ignore-scripts --no-audit --no-fund', {
    cwd: ROOT,
    shell: true,
    stdio: ['inherit', 2, 2]
  })
  if (status !== 0) process.exit(status || 1)
  fs.writeFileSync(STAMP, lock)
}
