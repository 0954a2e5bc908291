'use strict'

const process = require('process')
const environment = require('../crossing/environment')

module.exports = tellOfCrash

// closed: the promise that its sockets are.
function tellOfCrash(dht, closed, err) {
  const emitClose = !dht.destroyed
  dht.destroyed = true
  // Who is told by a promise may still listen.
  const onclosed = () => dht.emit('close')
  if (emitClose) closed.then(() => environment.afterMicrotasks(onclosed))
  if (dht.listenerCount('error') > 0) dht.emit('error', err)
  else process.emitWarning(err)
}
