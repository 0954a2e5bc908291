'use strict'

const { spawn, spawnSync } = require('child_process')
const path = require('path')
const { createInterface } = require('readline')

const ROOT = path.join(__dirname, '..', '..')

// This engine's core, in a process that plays commands to it: examples/differential.
class Engine {
  constructor(program) {
    this._waiting = []
    this._process = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    this._process.stdin.on('error', () => {})
    const lines = createInterface({ input: this._process.stdout })
    lines.on('line', (line) => this._waiting.shift().resolve(JSON.parse(line)))
    lines.on('close', () => this._ended())
  }

  // Builds it if need be; free if `cargo test` did so already.
  static start() {
    const args = ['build', '--locked', '--example', 'differential', '--message-format', 'json']
    const stdio = ['ignore', 'pipe', 'inherit']
    const built = spawnSync('cargo', args, { cwd: ROOT, stdio, encoding: 'utf8', maxBuffer: 1e8 })
    if (built.status !== 0) throw built.error ?? new Error('cargo build failed')

    const messages = built.stdout.split('\n').filter(Boolean).map(JSON.parse)
    const artifact = messages.find(({ executable, target }) => {
      return executable && target.name === 'differential'
    })
    return new Engine(artifact.executable)
  }

  // To `{trace, state}`, see lockstep.js.
  play(command) {
    return new Promise((resolve, reject) => {
      this._waiting.push({ resolve, reject })
      this._process.stdin.write(`${JSON.stringify(command)}\n`)
    })
  }

  stop() {
    this._process.stdin.end()
  }

  _ended() {
    for (const { reject } of this._waiting) reject(new Error('The engine crashed, see above'))
  }
}

module.exports = Engine
