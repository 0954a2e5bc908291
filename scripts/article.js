'use strict'

// Runs the article's programs: those that lie beside the checkout, else the project's telling of the same story.
//   node scripts/article.js PACKAGE [--network PACKAGE] [--node PATH]

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

const ORIGINAL = path.join('..', 'shared', 'article', 'run.mjs')
const OWN = path.join('examples', 'article.mjs')

const script = fs.existsSync(path.join(ROOT, ORIGINAL)) ? ORIGINAL : OWN
const args = [script, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
process.exit(status ?? 1)
