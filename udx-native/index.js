'use strict'

// By an `overrides` entry this stands where programs look for udx-native.
module.exports = require('../udx')
