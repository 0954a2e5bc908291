'use strict'

// Processes are ended by process.exit() in the midst of load, each at another moment.

const { spawn } = require('child_process')
const { setImmediate } = require('timers/promises')
const { HOST, numbers, load, addressOf, report } = require('./support')

const CODE = 9
const HANG = 20_000 // ms
const AT_ONCE = 4
const NODES = 4

// In the first so many nodes were made and none is bound; then so many turns of the event loop went by, in which they
// bind and begin to join; then so many requests were settled each.
const MOMENTS = 200
const TURNS = 20
const STEP = 25

const options = numbers({ count: 20, moment: -1 })

if (options.moment === -1) main()
else exit(options.moment)

async function main() {
  const outcomes = new Map()
  const started = performance.now()
  let next = 0
  let longest = 0
  const run = async () => {
    while (next < options.count) {
      const moment = Math.floor((next++ * MOMENTS) / options.count)
      const { outcome, ms } = await child(moment)
      outcomes.set(outcome, (outcomes.get(outcome) || 0) + 1)
      longest = Math.max(longest, ms)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, run))
  const seconds = (performance.now() - started) / 1000
  const clean = outcomes.get(`code ${CODE}`) || 0
  outcomes.delete(`code ${CODE}`)
  const failures = [...outcomes].map(([outcome, times]) => `${times} × ${outcome}`)
  report({ processes: options.count, clean, seconds, 'longest life, ms': longest }, failures)
}

function child(moment) {
  const started = performance.now()
  const args = [__filename, '--moment', String(moment), '--package', options.package]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (data) => (stderr += data))
  const timer = setTimeout(() => child.kill('SIGKILL'), HANG)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const outcome = signal || `code ${code}`
      const text = stderr === '' ? outcome : `${outcome}, ${stderr.trim().slice(0, 500)}`
      resolve({ outcome: text, ms: performance.now() - started })
    })
  })
}

// Requests, lookups and names under way, another thread's as well, when the process ends.
async function exit(moment) {
  const DHT = load(options)
  const bootstrap = ['localhost:9']
  const nodes = []
  while (nodes.length < NODES) {
    nodes.push(new DHT({ host: HOST, bootstrap }))
    if (nodes.length > moment) process.exit(CODE)
  }
  if (moment < TURNS) return exitAfter(moment - NODES + 1)
  await Promise.all(nodes.map((node) => node.bind()))
  for (const node of nodes) node.on('request', (req) => req.reply(req.value))
  let settled = 0
  const ask = async (from, to) => {
    while (true) {
      await from.request({ command: 1, value: Buffer.alloc(500) }, addressOf(to)).catch(noop)
      if (settled++ === (moment - TURNS) * STEP) process.exit(CODE)
    }
  }
  for (const from of nodes) {
    for (const to of nodes) ask(from, to)
    from.findNode(Buffer.alloc(32)).on('error', noop).resume()
    from.ping({ host: HOST, port: 9 }).catch(noop)
  }
}

async function exitAfter(turns) {
  for (let i = 0; i < turns; i++) await setImmediate()
  process.exit(CODE)
}

function noop() {}
