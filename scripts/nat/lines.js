'use strict'

const { once } = require('events')
const readline = require('readline')

// A process that is spoken with in lines.
module.exports = class Lines {
  constructor(child) {
    this._child = child
    this._lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this._exit = once(child, 'exit').then(([code]) => ({ done: true, value: `exit ${code}` }))
  }

  async next() {
    const { done, value } = await Promise.race([this._lines.next(), this._exit])
    if (done) throw new Error(`A process ended before it answered: ${value}`)
    return value
  }

  say(line) {
    this._child.stdin.write(`${line}\n`)
  }
}
