'use strict'

const PollSpinner = require('./poll-spinner')
const PollWaiter = require('./poll-waiter')

// Who waits for datagrams while JavaScript exchanges them one by one: a wake of its thread for each
// would cost more than the datagram.
module.exports = function createPollDriver(environment) {
  return PollWaiter.isPossible ? new PollWaiter(environment) : new PollSpinner(environment)
}
