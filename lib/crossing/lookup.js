'use strict'

const native = require('./native')
const environment = require('./environment')

module.exports = lookup

// A name that the engine has looked up: the runtime's own lookup ends the process where the system
// gives it no threads. It is told by one record.
class Lookup {
  constructor(name, family, resolve) {
    this.number = native.lookup(environment.number, name, family)
    this._resolve = resolve
    environment.add(this)
    environment.retain()
  }

  onrecord(family, slab, at) {
    const length = slab.words[(at >> 2) + 2]
    environment.expectUserCode()
    this._resolve({ family, address: slab.copy(at + 12, length).toString() })
    environment.release()
    environment.forget(this)
  }
}

// family: 4, 6 or 0 for any. Resolves with { address, family }.
async function lookup(name, family) {
  const found = await new Promise((resolve) => new Lookup(String(name), family, resolve))
  if (found.family !== 0) return found
  const err = new Error(`getaddrinfo ENOTFOUND ${name}`)
  throw Object.assign(err, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name })
}
