'use strict'

const process = require('process')

// What this copy of the package consists of: the cache of modules may be cleared, or keep nothing.
const modules = new Map()

module.exports = isLoadedByNode() ? load('lib/dht/dht', module) : require('./lib/dht/dht')

// Bundlers, test runners and other runtimes load files in ways of their own, some of them with Node's
// modules in another realm.
function isLoadedByNode() {
  const { bun, deno } = process.versions || {}
  if (bun || deno) return false
  const Module = require('module')
  return module.constructor === Module && Module instanceof Function
}

// Node looks for each file in several places, which takes longer than most that is done until the
// first node is bound. Files of this package are where they say. In the cache of modules they are as
// if Node itself had loaded them.
function load(name, parent) {
  const file = fileOf(`${name}.js`)
  const known = modules.get(file) || require.cache[file]
  if (known !== undefined) return known.exports
  const loaded = new module.constructor(file, parent)
  modules.set(file, loaded)
  require.cache[file] = loaded
  try {
    run(loaded, file, name.slice(0, name.lastIndexOf('/')))
  } finally {
    if (!loaded.loaded) forget(file)
  }
  return loaded.exports
}

function forget(file) {
  modules.delete(file)
  delete require.cache[file]
}

function run(loaded, file, folder) {
  const { exports } = loaded
  const find = (id) => (id.startsWith('.') ? load(nameOf(id, folder), loaded) : loaded.require(id))
  loaded.filename = file
  loaded.paths = module.paths
  compile(file).call(exports, exports, find, loaded, file, fileOf(folder))
  loaded.loaded = true
}

function compile(filename) {
  const source = require('fs').readFileSync(filename, 'utf8')
  const names = ['exports', 'require', 'module', '__filename', '__dirname']
  return require('vm').compileFunction(source, names, { filename })
}

// './table' or '../udx/udx', in a folder such as 'lib/dht'.
function nameOf(id, folder) {
  if (id.startsWith('./')) return folder + id.slice(1)
  return folder.slice(0, folder.lastIndexOf('/')) + id.slice(2)
}

function fileOf(name) {
  const file = `${__dirname}/${name}`
  return process.platform === 'win32' ? file.replaceAll('/', '\\') : file
}
