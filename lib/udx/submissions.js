'use strict'

const environment = require('../crossing/environment')

// Streams with something to cross once the microtasks of this turn are done.
class Submissions {
  constructor() {
    this._handles = []
    this._submitBound = this._submit.bind(this)
  }

  add(handle) {
    if (this._handles.push(handle) === 1) environment.afterMicrotasks(this._submitBound)
  }

  _submit() {
    const handles = this._handles
    this._handles = []
    for (const handle of handles) handle.submit()
  }
}

module.exports = new Submissions()
