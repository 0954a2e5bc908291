'use strict'

// Whether the house stands as docs/architecture.md draws it: no loops, no arrow that runs up, and
// rooms without IO that stay so. Prints what is wrong, and fails.

const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')
const { readCrate } = require('./arrows/rust')
const { readModules } = require('./arrows/javascript')
const { RUST, JAVASCRIPT, SANS_IO, OUTSIDE, OUTSIDE_PATHS } = require('./arrows/rules')

const UNTOLD =
  /(?<![.\w])(?:require|import)\s*\(\s*(?![\s)'"])|(?<![.\w])require\s*\(\s*(['"])dht-rpc-native\1/

module.exports = { faultsOfRust, faultsOfJavaScript }

if (require.main === module) main()

function main() {
  const faults = [...faultsOfRust(ROOT), ...faultsOfJavaScript(ROOT)]
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length === 0 ? 0 : 1
}

function faultsOfRust(root) {
  const crate = readCrate(path.join(root, 'src'))
  return [...loops(crate), ...upward(crate, RUST), ...reaching(crate)]
}

function faultsOfJavaScript(root) {
  const lib = fs.readdirSync(path.join(root, 'lib'), { recursive: true })
  const files = lib.map((file) => `lib/${file.replaceAll('\\', '/')}`)
  const entries = fs.readdirSync(root).filter((file) => /^(?:index|udx)\.(?:js|d\.ts)$/.test(file))
  const all = [...entries, ...files].filter((file) => /\.(?:js|d\.ts)$/.test(file))
  const modules = readModules(root, all)
  return [...loops(withoutTypes(modules)), ...upward(modules, JAVASCRIPT), ...untold(modules)]
}

// Declarations name each other freely: nothing of them is there at run time.
function withoutTypes(modules) {
  return Object.fromEntries(Object.entries(modules).filter(([file]) => file.endsWith('.js')))
}

// A require() whose module cannot be told from the text. The binary is found at run time.
function untold(modules) {
  const isTold = ([file, { code }]) => file === 'lib/crossing/native.js' || !UNTOLD.test(code)
  const faults = Object.entries(modules).filter((entry) => !isTold(entry))
  return faults.map(([file]) => `${file} requires what its text does not tell`)
}

function upward(modules, rules) {
  const faults = []
  for (const [file, { imports }] of Object.entries(modules)) {
    const { room, below } = ruleOf(file, rules)
    for (const other of imports) {
      const allowed = ruleOf(other, rules).room === room || isBelow(other, room, below, rules)
      if (!allowed) faults.push(`${file} imports ${other}, which is not below ${room || 'the top'}`)
    }
  }
  return faults
}

// A room inside of this one is below it.
function isBelow(other, room, below, rules) {
  const theirs = ruleOf(other, rules).room
  if (room !== '' && theirs.startsWith(room)) return true
  return below.some((name) => other.startsWith(name))
}

function ruleOf(file, rules) {
  return rules.find(({ room }) => file.startsWith(room))
}

function reaching(crate) {
  const faults = []
  for (const [file, { code, paths }] of Object.entries(crate)) {
    if (!SANS_IO.some((room) => file.startsWith(room))) continue
    for (const [what, pattern] of Object.entries(OUTSIDE)) {
      const match = pattern.exec(code)
      if (match) faults.push(`${file}:${lineOf(code, match.index)} reaches for ${what}`)
      else if (paths.some((path) => OUTSIDE_PATHS[what].test(path))) {
        faults.push(`${file} imports what reaches for ${what}`)
      }
    }
  }
  return faults
}

function lineOf(code, index) {
  return code.slice(0, index).split('\n').length
}

// Only the files of one type's impl may know each other.
function loops(modules) {
  const faults = []
  for (const circle of circles(modules)) {
    if (!shareType(circle.map((file) => modules[file].types))) {
      faults.push(`a loop of imports: ${circle.join(', ')}`)
    }
  }
  return faults
}

function shareType([first, ...others]) {
  if (!first) return false
  return [...first].some((type) => others.every((types) => types.has(type)))
}

// The strongly connected sets of two files or more (Tarjan).
function circles(modules) {
  const found = []
  const indices = new Map()
  const lows = new Map()
  const stack = []
  for (const file of Object.keys(modules)) if (!indices.has(file)) visit(file)
  return found

  function visit(file) {
    indices.set(file, indices.size)
    lows.set(file, indices.get(file))
    stack.push(file)
    for (const other of modules[file].imports) {
      if (!(other in modules)) continue
      if (!indices.has(other)) {
        visit(other)
        lows.set(file, Math.min(lows.get(file), lows.get(other)))
      } else if (stack.includes(other)) {
        lows.set(file, Math.min(lows.get(file), indices.get(other)))
      }
    }
    if (lows.get(file) !== indices.get(file)) return
    const circle = stack.splice(stack.indexOf(file))
    if (circle.length > 1) found.push(circle.sort())
  }
}
