'use strict'

// A node's life while clocks and timers are replaced. Prints what came of it.
//   node faked.js PACKAGE frozen|stopped|mocked before|streamx|after PORT SILENT
// Before the package is loaded, also with streamx loaded by somebody else by then, or after.
// PORT is free, at SILENT nobody answers.

const path = require('node:path')
const { once } = require('node:events')
const { createRequire } = require('node:module')
const fakes = require('../helpers/fakes')

const MANY_LOOKS = 10_000 // a tenth of a second's, of a thread that does nothing else
const HOST = '127.0.0.1'
const TARGET = Buffer.alloc(32, 7)
const HASTY = { fallback: [250], min: 250, max: 260, jitter: 1 } // ms, of which a busy machine keeps four tries
const SLOW = 20 // ms that a handler computes: longer than the event loop is held

const [folder, kind, when, port, silent] = process.argv.slice(2)
const hrtime = process.hrtime.bigint
const log = []
const thrown = []
let native = null

process.on('uncaughtException', (err) => thrown.push(err.message))
main().catch((err) => {
  console.error(err)
  process.exit(1)
})

async function main() {
  const early = when === 'after' ? null : fakes[kind]()
  if (when === 'streamx') createRequire(path.join(folder, 'index.js'))('streamx')
  const DHT = require(folder)
  const fake = early || fakes[kind]()
  native = require(path.join(folder, 'lib', 'crossing', 'native'))

  const opts = { host: HOST, adaptiveTimeout: HASTY }
  const peer = DHT.bootstrapper(Number(port), HOST, opts)
  await peer.fullyBootstrapped()
  const node = new DHT({ ...opts, bootstrap: [peer] })
  await node.fullyBootstrapped()
  await live(node, peer)
  await unanswered(node)
  await end(node, peer)

  fake.restore()
  const own = folder + path.sep
  const isOwn = (call) => call.includes(own) && !(when === 'streamx' && call.includes('streamx'))
  const calls = fake.calls.filter(isOwn)
  process.stdout.write(JSON.stringify({ log, thrown, calls }), () => process.exit())
}

async function live(node, peer) {
  const to = { host: HOST, port: Number(port) }
  peer.on('request', (req) => {
    if (req.command === 2) compute(SLOW)
    if (req.command === 3) throw new Error('of a listener')
    req.reply(req.value)
  })
  peer.on('request', (req) => req.command === 3 && req.reply(null))

  for (let i = 0; i < 20; i++) await node.ping(to)
  log.push('pinged')
  await Promise.all(Array.from({ length: 200 }, () => node.request({ command: 1 }, to)))
  log.push('requested')
  await Promise.all(Array.from({ length: 6 }, () => node.request({ command: 2 }, to)))
  log.push('slowly answered')
  await node.request({ command: 3 }, to, { retry: false }).catch(() => {})
  log.push('thrown at')

  const rows = []
  for await (const row of node.query({ target: TARGET, command: 1 })) rows.push(row)
  await node.findNode(TARGET).finished()
  log.push(`queried ${rows.length}`)
}

// While it waits the thread is left alone, and does not look at the polls without end.
async function unanswered(node) {
  const { drive } = native
  let looks = 0
  native.drive = (...args) => {
    looks++
    return drive(...args)
  }
  log.push(await node.ping({ host: HOST, port: Number(silent) }).catch((err) => err.code))
  native.drive = drive
  log.push(looks < MANY_LOOKS ? 'left alone' : `looked ${looks} times`)
}

async function end(node, peer) {
  await node.suspend()
  const resumed = once(node, 'resume')
  await node.resume()
  await resumed
  log.push('resumed')
  await node.destroy()
  await peer.destroy()
  log.push('destroyed')
}

function compute(ms) {
  const end = hrtime() + BigInt(ms) * 1_000_000n
  while (hrtime() < end);
}
