'use strict'

const { formatIPv4, parseIPv4 } = require('../common/address')
const { idOf } = require('./node-id')

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

// A node with an id that a filter is asked about. The id is made when it is looked at, as most filters
// look at addresses only.
class Subject {
  constructor(ip, port) {
    this.host = formatIPv4(ip)
    this.port = port
  }

  static of(ip, port, hasId) {
    return hasId ? new Subject(ip, port) : { id: null, host: formatIPv4(ip), port }
  }

  get id() {
    this.id = idOf(parseIPv4(this.host), this.port)
    return this.id
  }

  set id(value) {
    const own = { value, writable: true, enumerable: true, configurable: true }
    Object.defineProperty(this, 'id', own)
  }

  toJSON() {
    const { id, host, port } = this
    return { id, host, port }
  }

  [INSPECT]() {
    return this.toJSON()
  }
}

module.exports = Subject
