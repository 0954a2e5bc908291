'use strict'

// What `await using` calls. Runtimes that do not have it yet get a symbol that nobody knows.
module.exports = Symbol.asyncDispose || Symbol('asyncDispose')
