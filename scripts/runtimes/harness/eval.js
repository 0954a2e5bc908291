'use strict'

// eval.js SOURCE ARGUMENTS: as `node -e` does it, on any runtime.

const [, source] = process.argv.splice(1, 2)

new Function('require', source)(require)
