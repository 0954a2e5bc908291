'use strict'

module.exports = { field, replaceable }

// What is kept elsewhere but looks like a plain field of an object: own, enumerable, redefinable.
function field(get, set) {
  return { enumerable: true, configurable: true, get, set }
}

// As field(); whatever is written takes its place.
function replaceable(name, get) {
  return field(get, function (value) {
    const own = { value, writable: true, enumerable: true, configurable: true }
    Object.defineProperty(this, name, own)
  })
}
