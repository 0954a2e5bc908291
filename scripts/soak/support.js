'use strict'

const fs = require('fs')
const { setTimeout: sleep } = require('timers/promises')
const { parseArgs } = require('util')

const HOST = '127.0.0.1'
const MB = 1024 * 1024

// Of Node.js. A young generation that stays small: otherwise its growth hides what is looked for.
const FLAGS = ['--expose-gc', '--max-semi-space-size=1']

// Memory, not descriptors and the rest, may grow at will: a sanitizer keeps what is freed.
const isMemoryFree = process.env.SOAK_ANY_MEMORY === '1'

module.exports = {
  HOST,
  MB,
  FLAGS,
  numbers,
  load,
  addressOf,
  usage,
  memoryBound,
  ripen,
  growth,
  settles,
  report
}

// The options of a scenario, all numbers, by their names and defaults; `package` is the path of
// another package to run it on.
function numbers(defaults) {
  const options = { package: { type: 'string', default: '../..' } }
  for (const [name, value] of Object.entries(defaults)) {
    options[name] = { type: 'string', default: String(value) }
  }
  const { values } = parseArgs({ options })
  for (const name of Object.keys(defaults)) values[name] = Number(values[name])
  return values
}

function load(options) {
  return require(options.package)
}

// Where others reach a node that listens on the loopback.
function addressOf(node) {
  return { host: HOST, port: node.localAddress().port }
}

// What this process holds now. Bytes, and counts.
function usage() {
  for (let i = 0; i < 3; i++) globalThis.gc()
  return {
    rss: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
    descriptors: fs.readdirSync('/proc/self/fd').length,
    threads: fs.readdirSync('/proc/self/task').length,
    handles: process.getActiveResourcesInfo().length
  }
}

// What the collector finds is dropped in later turns.
async function ripen() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await sleep(20)
  }
}

function memoryBound(megabytes) {
  return isMemoryFree ? Infinity : megabytes * MB
}

// The bounds that are broken between two usages, in words.
function growth(before, after, bounds) {
  return Object.entries(bounds)
    .filter(([name, bound]) => after[name] - before[name] > bound)
    .map(([name, bound]) => `${name} grew from ${before[name]} to ${after[name]}, over ${bound}`)
}

// Whether the promise is settled in time, whichever way.
function settles(promise, ms) {
  const done = promise.then(
    () => true,
    () => true
  )
  return Promise.race([done, sleep(ms, false, { ref: false })])
}

// What the runner and the tests read.
function report(figures, failures) {
  console.log(JSON.stringify({ figures, failures }))
}
