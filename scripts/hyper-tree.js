'use strict'

// HyperDHT and Hyperswarm in a folder of node modules in which this package stands for dht-rpc, as "overrides" would have
// it; of tests and benchmarks.

const fs = require('fs')
const os = require('os')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

const MODULES = path.join(ROOT, 'node_modules')

// What asks for dht-rpc, and what it gets. All else is linked.
const ABOVE = ['hyperdht', 'hyperswarm', '@hyperswarm/testnet']
const OVERRIDES = { 'dht-rpc': ROOT, 'udx-native': path.join(ROOT, 'udx-native') }

module.exports = { MODULES, nativeTree, placeTree }

// One that is there until the process ends. Returns its folder of node modules.
function nativeTree() {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-hyper-')))
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  return placeTree(folder)
}

// overrides: from the name of a package to the folder that stands for it.
function placeTree(folder, overrides = OVERRIDES) {
  const modules = path.join(folder, 'node_modules')
  for (const name of ABOVE) {
    fs.cpSync(path.join(MODULES, name), path.join(modules, name), { recursive: true })
  }
  for (const name of installed()) {
    if (ABOVE.includes(name)) continue
    const place = path.join(modules, name)
    fs.mkdirSync(path.dirname(place), { recursive: true })
    fs.symlinkSync(overrides[name] || path.join(MODULES, name), place, 'junction')
  }
  return modules
}

function installed() {
  const names = fs.readdirSync(MODULES).filter((name) => !name.startsWith('.'))
  return names.flatMap((name) => {
    if (!name.startsWith('@')) return name
    return fs.readdirSync(path.join(MODULES, name)).map((inner) => `${name}/${inner}`)
  })
}
