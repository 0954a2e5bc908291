'use strict'

// The part of node:test that the suites use, on any runtime: what the files ask for is kept, and run() runs it.

const TIMEOUT = 60_000 // ms

class Group {
  constructor(name, atOnce) {
    this.name = name
    this.atOnce = atOnce
    this.members = []
  }

  // Resolves with the outcomes of all tests in it, in their order.
  async run(report) {
    const outcomes = []
    let next = 0
    const work = async () => {
      while (next < this.members.length) {
        const place = next++
        outcomes[place] = await this.members[place].run(report)
      }
    }
    await Promise.all(Array.from({ length: this.atOnce }, work))
    return outcomes.flat()
  }
}

class Test {
  constructor(name, { skip, timeout = TIMEOUT }, fn) {
    this.name = name
    this.skipped = skip ? String(skip) : null
    this._timeout = timeout
    this._fn = fn
    this._after = []
    this._signal = { aborted: false }
  }

  async run(report) {
    const outcome = { name: this.name, error: null, skipped: this.skipped }
    if (this.skipped === null) {
      outcome.error = await this._error()
      outcome.skipped = this.skipped
    }
    report(outcome)
    return [outcome]
  }

  async _error() {
    try {
      await this._inTime(this._fn(this._context()))
      await this._cleanUp()
      return null
    } catch (err) {
      await this._cleanUp().catch(() => {})
      return String((err && err.stack) || err)
    }
  }

  _context() {
    return {
      name: this.name,
      signal: this._signal,
      after: (fn) => this._after.push(fn),
      mock: { method: (object, name, fn) => this._replace(object, name, fn) },
      skip: (why) => (this.skipped = String(why || 'skipped')),
      test: async (name, fn) => {
        const error = await new Test(name, {}, fn)._error()
        if (error !== null) throw new Error(`${name}: ${error}`)
      }
    }
  }

  _replace(object, name, fn) {
    const own = Object.getOwnPropertyDescriptor(object, name)
    const restore = () => {
      if (own) Object.defineProperty(object, name, own)
      else delete object[name]
    }
    Object.defineProperty(object, name, { value: fn, configurable: true, writable: true })
    this._after.push(restore)
    return { mock: { restore } }
  }

  // In the order in which they were asked for, as in node:test.
  async _cleanUp() {
    for (const fn of this._after.splice(0)) await fn()
  }

  async _inTime(promise) {
    let timer
    const late = new Promise((resolve, reject) => {
      const expire = () => {
        this._signal.aborted = true
        reject(new Error(`It took over ${this._timeout} ms`))
      }
      timer = setTimeout(expire, this._timeout)
    })
    try {
      await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

const root = new Group('', 1)
let current = root

function test(...args) {
  const [name, opts, fn] = read(args)
  current.members.push(new Test(name, opts, fn))
}

function describe(...args) {
  const [name, { concurrency = 1 }, fn] = read(args)
  const outer = current
  current = new Group(name, concurrency === true ? Infinity : concurrency)
  outer.members.push(current)
  fn()
  current.atOnce = Math.min(current.atOnce, current.members.length)
  current = outer
}

function read(args) {
  return args.length === 2 ? [args[0], {}, args[1]] : args
}

module.exports = Object.assign(test, { test, describe, run: (report) => root.run(report) })
