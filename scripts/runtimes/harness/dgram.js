'use strict'

// Node's dgram on Bare. There a refusal that answers an earlier datagram is an event, which nobody listens to.

const dgram = require('bare-dgram')

function createSocket(...args) {
  const socket = dgram.createSocket(...args)
  return socket.on('error', (err) => {
    if (err.code !== 'ECONNREFUSED' && socket.listenerCount('error') === 1) throw err
  })
}

module.exports = { ...dgram, createSocket }
