'use strict'

const DHTError = require('../common/errors')
const { hide, internalsOf } = require('../common/internals')

// A request in flight, as who looks at its session sees it.
module.exports = class SessionRequest {
  constructor(pending) {
    hide(this, pending)
  }

  destroy(err) {
    const pending = internalsOf(this)
    pending.requests.cancel(pending, err || DHTError.REQUEST_DESTROYED())
  }
}
