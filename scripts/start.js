'use strict'

// npm start: on a fresh clone too, everything from the build to the article's story.

const { spawn } = require('child_process')
const path = require('path')
const { setup } = require('./setup')
const { ROOT } = require('../lib/crossing/platform')

setup()
spawn(process.execPath, [path.join(ROOT, 'examples', 'story.mjs')], { stdio: 'inherit' }).on(
  'exit',
  (code, signal) => process.exit(signal ? 1 : code)
)
