'use strict'

// Runs the article's programs: those that lie beside the checkout, else the project's telling of the same story.
//   node scripts/article.js PACKAGE [--network PACKAGE] [--node PATH]

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

const args = [articleScript(), ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
process.exitCode = status ?? 1

function articleScript() {
  const original = path.join('..', 'shared', 'article', 'run.mjs')
  return fs.existsSync(path.join(ROOT, original)) ? original : path.join('examples', 'article.mjs')
}
