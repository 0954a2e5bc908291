'use strict'

const fs = require('fs')
const path = require('path')
const vm = require('vm')
const { createRequire } = require('module')

// What is loaded anew for each node, with other timers, clocks and random numbers.
const OWN = ['dht-rpc-reference', 'kademlia-routing-table', 'adaptive-timeout', 'xache']
const GLOBALS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'Date',
  'Math',
  'queueMicrotask'
]

const entry = require.resolve('dht-rpc-reference')
const compiled = new Map()

// A fresh copy of the reference. `globals` are seen by its files as globals, `substitutes` are what
// they get from `require`. Returns a `require` for its own files ('dht-rpc-reference/lib/io').
module.exports = function loadReference(globals, substitutes) {
  const modules = new Map()
  const requireFromHere = createRequire(entry)
  return (name) => load(requireFromHere.resolve(name))

  function load(file) {
    if (!isOwn(file)) return require(file)
    const known = modules.get(file)
    if (known) return known.exports

    const module = { exports: {} }
    modules.set(file, module)
    const resolve = createRequire(file).resolve
    const requireInside = (name) => substitutes[name] ?? load(resolve(name))
    const values = GLOBALS.map((name) => globals[name] ?? globalThis[name])
    compile(file)(module, module.exports, requireInside, ...values)
    return module.exports
  }
}

function isOwn(file) {
  return OWN.some((name) => file.includes(`${path.sep}node_modules${path.sep}${name}${path.sep}`))
}

function compile(file) {
  if (!compiled.has(file)) {
    const parameters = ['module', 'exports', 'require', ...GLOBALS]
    const code = fs.readFileSync(file, 'utf8')
    compiled.set(file, vm.compileFunction(code, parameters, { filename: file }))
  }
  return compiled.get(file)
}
