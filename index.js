'use strict'

module.exports = require('./lib/dht/dht')
