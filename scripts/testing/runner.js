'use strict'

// Runs steps one after the other, stops at the first one that fails, and tells what came of them.

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT } = require('../../lib/crossing/platform')
const { lacks } = require('../needs')
const { readRecords, showSkips, showSlowest, unexcused } = require('./records')

const SLOWEST = 5

module.exports = class Runner {
  // `records` is the file that reporter.js writes. With `noSkips` a skipped test that needs.js does not excuse is a
  // failure. Where it takes more than `seconds` the slowest test files are named.
  constructor(records, { noSkips = false, seconds = Infinity } = {}) {
    this._records = records
    this._noSkips = noSkips
    this._seconds = seconds
    this._results = []
  }

  // Returns whether all went well.
  run(steps) {
    const all = this._noSkips ? [...steps, this._countSkips()] : steps
    fs.rmSync(this._records, { force: true })
    const passed = all.every((step) => this._step(step))
    this._summary(all.length)
    return passed
  }

  _step({ name, work, command, ms, env, needs }) {
    console.log(`\n=== ${name} ===`)
    const lacking = needs ? lacks(needs) : false
    const start = performance.now()
    const status = lacking ? 0 : work ? work() : execute(command, ms, env)
    const seconds = (performance.now() - start) / 1000
    this._results.push({ name, status, lacking, seconds })
    return status === 0
  }

  _countSkips() {
    return {
      name: 'No test was skipped',
      work: () => {
        const records = readRecords(this._records)
        const count = unexcused(records).length
        if (count > 0) console.log(`${count} of the skips below have no excuse.`)
        if (records.length === 0) console.log(`${this._records} says of no test that it ran.`)
        return count === 0 && records.length > 0 ? 0 : 1
      }
    }
  }

  _summary(total) {
    console.log('\n=== Summary ===')
    for (const { name, status, lacking, seconds } of this._results) {
      const outcome = lacking ? 'skip' : status === 0 ? 'ok' : 'FAIL'
      const why = lacking ? `: ${lacking}` : ''
      console.log(`${outcome.padEnd(4)}  ${seconds.toFixed(1).padStart(6)} s  ${name}${why}`)
    }
    const left = total - this._results.length
    if (left > 0) console.log(`${left} steps were not run.`)

    const records = readRecords(this._records)
    const skips = showSkips(records)
    if (skips) console.log(`\n${skips}`)
    const seconds = this._results.reduce((sum, each) => sum + each.seconds, 0)
    if (seconds < this._seconds) return
    console.log(`\nThat took more than ${this._seconds} s. The slowest test files:`)
    console.log(showSlowest(records, SLOWEST))
  }
}

function execute(command, timeout, env) {
  console.log(`$ ${command}`)
  const bin = [path.dirname(process.execPath), path.join(ROOT, 'node_modules', '.bin')]
  const PATH = [...bin, process.env.PATH].join(path.delimiter)
  const options = { cwd: ROOT, shell: true, stdio: 'inherit', timeout }
  const { status, error } = spawnSync(command, {
    ...options,
    env: { ...process.env, ...env, PATH }
  })
  if (error)
    console.error(error.code === 'ETIMEDOUT' ? `It took over ${timeout} ms` : error.message)
  return status ?? 1
}
