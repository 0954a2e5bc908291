import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// Longer than any round takes: a network that an overloaded machine cannot carry never gets there.
const PATIENCE = 300_000 // ms

/** A program of bench/children in a process of its own: it sends figures, and is told to end. */
export class Child {
  /**
   * @param {string} name of the program
   * @param {object} options which it finds in support.mjs
   */
  constructor(name, options, { execArgv = [], silent = false } = {}) {
    const file = fileURLToPath(new URL(`../children/${name}.mjs`, import.meta.url))
    this._name = name
    this._process = fork(file, [JSON.stringify(options)], { execArgv, silent })
    this._messages = []
    this._waiting = null
    this._ended = new Promise((resolve) => {
      this._process.once('exit', resolve)
      this._process.once('error', () => this.pid === undefined && resolve())
    })
    this._process.on('message', (message) => this._onmessage(message))
    this._process.once('exit', (code, signal) => this._fail(`ended with ${signal || code}`))
    // It was never started, or what is said to it finds it dead.
    this._process.on('error', (err) => this._fail(`cannot be spoken to: ${err.message}`))
  }

  get pid() {
    return this._process.pid
  }

  /** The next message. Rejects if the process ends before, or takes too long. */
  next() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this._fail('takes too long'), PATIENCE)
      this._waiting = { resolve, reject, timer }
      this._settle()
    })
  }

  /** Says something and resolves with what comes back. */
  ask(message) {
    this._process.send(message)
    return this.next()
  }

  async end() {
    this._process.kill('SIGKILL')
    await this._ended
  }

  _onmessage(message) {
    this._messages.push(message)
    this._settle()
  }

  _fail(how) {
    this._failure ??= new Error(`bench/children/${this._name}.mjs ${how}`)
    this._settle()
  }

  _settle() {
    if (!this._waiting) return
    const { resolve, reject, timer } = this._waiting
    if (this._messages.length > 0) resolve(this._messages.shift())
    else if (this._failure) reject(this._failure)
    else return
    clearTimeout(timer)
    this._waiting = null
  }
}

/** Runs a program that sends its figures once. */
export async function measure(name, options, processOptions) {
  const child = new Child(name, options, processOptions)
  try {
    return await child.next()
  } finally {
    await child.end()
  }
}
