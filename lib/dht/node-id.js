'use strict'

const native = require('../crossing/native')
const Slab = require('../crossing/slab')

const ID = 32 // bytes

const address = new Slab(8) // shared: they are read as soon as they are written
const id = new Slab(ID)

module.exports = { idOf }

// The id of whoever is at an address.
function idOf(ip, port) {
  address.words[0] = ip
  address.words[1] = port
  native.nodeIds(address.bytes, 0, 1, id.bytes)
  return id.copy(0, ID)
}
