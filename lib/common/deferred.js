'use strict'

module.exports = deferred

// A promise to be settled from outside. Nobody needs to catch it.
function deferred() {
  const d = { promise: null, resolve: null, reject: null }
  d.promise = new Promise((resolve, reject) => {
    d.resolve = resolve
    d.reject = reject
  })
  d.promise.catch(noop)
  return d
}

// Stands for any that was resolved. A promise that is kept would keep the context it was made in.
deferred.DONE = {
  get promise() {
    return Promise.resolve()
  },
  resolve: noop,
  reject: noop
}

function noop() {}
