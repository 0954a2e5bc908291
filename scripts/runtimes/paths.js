'use strict'

const path = require('path')
const { ROOT } = require('../../lib/crossing/platform')

const CACHE = path.join(ROOT, 'node_modules', '.cache', 'runtimes')
const STAGE = path.join(CACHE, 'stage')

module.exports = { ROOT, CACHE, STAGE, HARNESS: path.join(STAGE, 'harness') }
