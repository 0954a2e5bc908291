'use strict'

const UNKNOWN_COMMAND = 1
const INVALID_TOKEN = 2

class DHTError extends Error {
  constructor(msg, code, fn = DHTError) {
    super(`${code}: ${msg}`)
    this.code = code
    if (Error.captureStackTrace) Error.captureStackTrace(this, fn)
  }

  get name() {
    return 'DHTError'
  }

  static UNKNOWN_COMMAND = UNKNOWN_COMMAND
  static INVALID_TOKEN = INVALID_TOKEN

  static REQUEST_TIMEOUT(msg = 'Request timed out') {
    return new DHTError(msg, 'REQUEST_TIMEOUT', DHTError.REQUEST_TIMEOUT)
  }

  static REQUEST_DESTROYED(msg = 'Request destroyed') {
    return new DHTError(msg, 'REQUEST_DESTROYED', DHTError.REQUEST_DESTROYED)
  }

  static IO_SUSPENDED(msg = 'I/O suspended') {
    return new DHTError(msg, 'IO_SUSPENDED', DHTError.IO_SUSPENDED)
  }

  static TOO_MANY_REQUESTS(msg = 'Too many requests in flight') {
    return new DHTError(msg, 'TOO_MANY_REQUESTS', DHTError.TOO_MANY_REQUESTS)
  }

  // The binding's numbers for why a request failed.
  static fromNumber(number) {
    switch (number) {
      case 1:
        return DHTError.REQUEST_TIMEOUT()
      case 3:
        return DHTError.IO_SUSPENDED()
      case 4:
        return DHTError.TOO_MANY_REQUESTS()
      case 5:
        return coded(
          RangeError,
          'ERR_VALUE_TOO_LARGE',
          'value does not fit a datagram of 2048 bytes'
        )
      case 6:
        return coded(Error, 'NO_TOKEN', 'No token received for closest node')
      case 7:
        return DHTError.NODE_DESTROYED()
      default:
        return DHTError.REQUEST_DESTROYED()
    }
  }

  static NODE_DESTROYED() {
    return coded(Error, 'NODE_DESTROYED', 'Node destroyed')
  }

  static NODE_WAS_DESTROYED() {
    return coded(Error, 'NODE_WAS_DESTROYED', 'Node was destroyed')
  }

  static NODE_CRASHED(reason) {
    return coded(Error, 'NODE_CRASHED', `Node crashed and was destroyed: ${reason}`)
  }

  static TOO_FEW_NODES(answered, persistent) {
    const err = coded(Error, 'TOO_FEW_NODES', 'Too few nodes responded')
    return Object.assign(err, { answered, persistent })
  }

  static DELAY_TOO_LONG(max) {
    return coded(Error, 'ERR_DELAY_TOO_LONG', `Delay exceeds max delay: ${max}ms`)
  }

  // The text is the reference's, word for word; what was given where is beside it.
  static BOOTSTRAP_FORMAT(field, given) {
    const err = coded(Error, 'ERR_INVALID_BOOTSTRAP', 'Bootstrap node format is host:port')
    return Object.assign(err, { field, given, allowed: 'host:port' })
  }

  static coded(Type, code, message) {
    return coded(Type, code, message)
  }
}

module.exports = DHTError

function coded(Type, code, message) {
  const err = new Type(message)
  err.code = code
  return err
}
