'use strict'

const process = require('process')

// Who waits for datagrams while JavaScript exchanges them one by one: a wake of its thread for each
// would cost more than the datagram.
module.exports = canWait() ? require('./poll-waiter') : require('./poll-spinner')

// Others pretend to be Node, and end the process if their libuv is called.
function canWait() {
  const { versions = {}, platform } = process
  return platform === 'linux' && versions.uv !== undefined && !versions.bun && !versions.deno
}
