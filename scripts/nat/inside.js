'use strict'

const { spawnSync } = require('child_process')
const { isolated } = require('../namespaces')
const { lacks } = require('../needs')

module.exports = { runInside, refuse }

// Runs a script again, with --inside, where it may make namespaces; says what is missing otherwise.
function runInside(script) {
  const missing = lacks('nat')
  if (missing) return console.log(`skipped: ${missing}`)
  // Where namespaces can be named.
  const [program, ...args] = isolated('mount -t tmpfs none /run')
  args.push(process.execPath, script, '--inside', ...process.argv.slice(2))
  process.exitCode = spawnSync(program, args, { stdio: 'inherit' }).status ?? 1
}

// What the command line asks for cannot be done.
function refuse(reason) {
  console.error(reason)
  process.exitCode = 2
}
