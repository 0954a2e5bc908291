'use strict'

module.exports = { field }

// What is kept elsewhere but looks like a plain field of an object: own, enumerable, redefinable.
function field(get, set) {
  return { enumerable: true, configurable: true, get, set }
}
