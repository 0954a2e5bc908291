'use strict'

// bare.js PROGRAM ARGUMENTS: a program that was written for Node, on Bare. It finds Node's modules and globals, the
// package under test what it brings itself.

require('bare-node-runtime/global')

Bare.argv.splice(1, 1)
import(Bare.argv[1], { with: { imports: './imports.json' } })
