'use strict'

// Runs the article's programs: those that lie beside the checkout, else the project's telling of the same story.
//   node scripts/article.js PACKAGE [--network PACKAGE] [--node PATH]

const { spawn } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

// One check sends an unknown command to whichever node the client heard from last. Once in ten or twenty runs that is
// the bootstrap node, with the reference on both sides as well: it has no handler, so it answers with UNKNOWN_COMMAND.
const CHANCE = 'FAIL  an unknown command gets the error code of our own "1"'
const ATTEMPTS = 3

main(process.argv.slice(2))

function articleScript() {
  const original = path.join('..', 'shared', 'article', 'run.mjs')
  return fs.existsSync(path.join(ROOT, original)) ? original : path.join('examples', 'article.mjs')
}

async function main(args) {
  for (let attempt = 1; ; attempt++) {
    const { code, out } = await run(args)
    if (code === 0 || attempt === ATTEMPTS || !failedByChance(out)) process.exit(code)
    console.log(
      '\nThe node asked happened to be the bootstrap node, which has no commands. Once more.\n'
    )
  }
}

function run(args) {
  const child = spawn(process.execPath, [articleScript(), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
    process.stdout.write(data)
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, out })))
}

function failedByChance(out) {
  const failures = out.split('\n').filter((line) => line.startsWith('FAIL'))
  return failures.length === 1 && failures[0].trimEnd() === CHANCE
}
