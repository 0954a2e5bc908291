'use strict'

module.exports = require('./lib/udx/udx')
