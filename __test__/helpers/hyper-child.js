const path = require('node:path')
const { spawn } = require('node:child_process')
const { EventEmitter } = require('node:events')
const { createInterface } = require('node:readline')
const { once } = require('./until')

const FILE = path.join(__dirname, '..', 'children', 'hyper.js')

// A process with one node of a network. Emits 'said' with each object that it says.
module.exports = class HyperChild extends EventEmitter {
  #child
  #exit

  constructor(t, kind, role, bootstrap, argument = '') {
    super()
    const args = [FILE, kind.modules, role, JSON.stringify(bootstrap), argument]
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#exit = new Promise((resolve) => this.#child.once('exit', resolve))
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.emit('said', JSON.parse(line))
    })
    t.after(() => this.kill())
  }

  // The next thing that it says.
  async said() {
    const [what] = await once(this, 'said', 20000)
    return what
  }

  tell(line) {
    this.#child.stdin.write(`${line}\n`)
  }

  async exited() {
    await this.#exit
  }

  async kill() {
    this.#child.kill('SIGKILL')
    await this.#exit
  }
}
