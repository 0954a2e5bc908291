'use strict'

// What a worker of worker_threads.js runs.

require('bare-node-runtime/global')
const { program } = require('./worker_threads')

import(program, { with: { imports: './imports.json' } })
