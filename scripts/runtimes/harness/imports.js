'use strict'

// Prints where Bare finds its modules, under the names of Node's: suites and programs were written for Node.

const names = require('bare-node-runtime/imports')

const imports = {}
for (const [name, { bare }] of Object.entries(names)) {
  try {
    imports[name] = require.resolve(bare)
  } catch {
    // The layer names it, but its package has no such file yet.
  }
}
for (const name of ['assert', 'dgram', 'worker_threads']) {
  imports[name] = imports[`node:${name}`] = require.resolve(`./${name}`)
}
console.log(JSON.stringify(imports))
