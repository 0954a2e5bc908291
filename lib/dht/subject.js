'use strict'

const { formatIPv4, parseIPv4 } = require('../common/address')
const { field } = require('../common/field')
const { idOf } = require('./node-id')

// Most filters look at addresses only: the id is made when it is looked at.
const ID = field(
  function () {
    return keep(this, idOf(parseIPv4(this.host), this.port))
  },
  function (id) {
    keep(this, id)
  }
)

module.exports = { subject }

// A node that a filter is asked about.
function subject(ip, port, hasId) {
  const node = hasId ? Object.defineProperty({}, 'id', ID) : { id: null }
  node.host = formatIPv4(ip)
  node.port = port
  return node
}

function keep(node, value) {
  const own = { value, writable: true, enumerable: true, configurable: true }
  Object.defineProperty(node, 'id', own)
  return value
}
