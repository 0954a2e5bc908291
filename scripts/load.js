'use strict'

// The load of benchmarks and attacks (bench/load), a program in Rust.

const { execFileSync } = require('child_process')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target')
const PROGRAM = path.join(TARGET, 'release', 'load')

module.exports = { PROGRAM, buildLoad }

function buildLoad() {
  const manifest = path.join(ROOT, 'bench', 'load', 'Cargo.toml')
  const args = ['build', '--release', '--locked', '--quiet']
  execFileSync('cargo', [...args, '--manifest-path', manifest, '--target-dir', TARGET], {
    stdio: 'inherit'
  })
}
