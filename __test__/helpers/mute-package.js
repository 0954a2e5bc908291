'use strict'

const DHT = require('../..')

// A package that answers nothing: what checks a package has to notice it.
module.exports = class Mute extends DHT {
  onrequest() {
    return false
  }
}
