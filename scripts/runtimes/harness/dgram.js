'use strict'

// Node's dgram on Bare. There a refusal that answers an earlier datagram is an event, which nobody listens to.

const dgram = require('bare-dgram')

function createSocket(...args) {
  return dgram.createSocket(...args).on('error', (err) => {
    if (err.code !== 'ECONNREFUSED') throw err
  })
}

module.exports = { ...dgram, createSocket }
