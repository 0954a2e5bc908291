'use strict'

// Binds a node, makes the disk useless, then touches every member of a live node and of all that can
// be reached from it. Prints what was touched and what went wrong.
//   node walk.js PACKAGE hidden|emfile|cleared PORT

const fs = require('node:fs')
const Module = require('node:module')
const os = require('node:os')
const { once } = require('node:events')
const { isPromise } = require('node:util/types')

const HOST = '127.0.0.1'
const TARGET = Buffer.alloc(32, 7)
const DEPTH = 5
const LAST = ['destroy', 'suspend', 'resume', 'close'] // what ends a node, or its sockets
const INSIDE = 'handle' // of a socket: what the node itself is made of
const FOREIGN = [Object, Function, Array, Uint8Array, Buffer, Promise, Map, require('events')]
const ON_DISK = /Cannot find module|ENOENT|EMFILE|ENOTDIR|MODULE_NOT_FOUND/

const [folder, how, port] = process.argv.slice(2)
const touched = new Set()
const faults = []
const loaded = []
const seen = new Set(FOREIGN.flatMap((each) => [each, each.prototype]))
const pending = []
let peer = null

// What was called with nonsense may throw later.
process.on('uncaughtException', (err) => note('later', err))

main().catch((err) => {
  console.error(err)
  process.exit(1)
})

async function main() {
  const DHT = require(folder)
  const node = new DHT({ host: HOST, bootstrap: [`${HOST}:${port}`] })
  await node.bind()
  const interfaces = os.networkInterfaces()
  if (how === 'emfile') await become(DHT)
  deny()
  if (how !== 'emfile') await become(DHT)
  await node.fullyBootstrapped()
  peer.on('request', (req) => {
    walk(req, 'request', 2)
    req.reply(null)
  })

  compare(interfaces, node)
  walk(DHT, 'DHT', 0)
  walk(node, 'node', 0)
  walk(await node.request({ command: 1, target: TARGET }, peer.address()), 'reply', 2)
  while (pending.length > 0) await pending.shift()
  if (how !== 'emfile') await again(node)
  await node.destroy()
  await peer.destroy()
  process.stdout.write(JSON.stringify({ touched: [...touched], faults, loaded }), () =>
    process.exit()
  )
}

async function become(DHT) {
  peer = DHT.bootstrapper(Number(port), HOST, { host: HOST })
  await peer.fullyBootstrapped()
}

async function again(node) {
  await node.suspend()
  const resumed = once(node, 'resume')
  await node.resume()
  await resumed
}

function deny() {
  const load = Module._load
  Module._load = function (request, ...rest) {
    if (!Module.isBuiltin(request)) loaded.push(request)
    return load.call(this, request, ...rest)
  }
  if (how === 'hidden') fs.renameSync(folder, `${folder}.away`)
  if (how !== 'emfile') for (const file in require.cache) delete require.cache[file]
  else takeDescriptors()
}

function takeDescriptors() {
  try {
    for (;;) fs.openSync('/dev/null')
  } catch (err) {
    if (err.code !== 'EMFILE') throw err
  }
}

// The system does not tell of them without a descriptor.
function compare(interfaces, node) {
  const names = node.udx.networkInterfaces().map(({ name }) => name)
  for (const name in interfaces) {
    if (!names.includes(name)) faults.push(`interface ${name} was forgotten`)
  }
}

function walk(object, name, depth) {
  if (seen.has(object) || depth > DEPTH) return
  seen.add(object)
  for (const key of keys(object)) {
    const place = `${name}.${String(key)}`
    if (touched.has(place)) continue
    touched.add(place)
    attempt(place, () => touch(object, key, place, depth))
  }
}

// What is public, of the object and of its classes.
function keys(object) {
  const all = []
  for (let o = object; o !== null && !FOREIGN.some((each) => each.prototype === o || each === o);) {
    all.push(...Reflect.ownKeys(o))
    o = Object.getPrototypeOf(o)
  }
  return all.filter((key) => !String(key).startsWith('_') && key !== INSIDE && !LAST.includes(key))
}

function touch(object, key, place, depth) {
  const value = object[key]
  if (typeof value === 'function' && key !== 'constructor') return call(object, key, place, depth)
  if (typeof value === 'object' && value !== null) walk(value, place, depth + 1)
}

// With nothing, and with what its like takes.
function call(object, key, place, depth) {
  if (typeof key === 'symbol') return
  const to = { host: HOST, port: Number(port) }
  const given = [[], [TARGET], [{ target: TARGET, command: 1 }, to], [to, 10]]
  for (const args of given) {
    attempt(place, () => result(object[key](...args), `${place}()`, depth + 1))
  }
}

function result(value, place, depth) {
  if (isPromise(value)) return pending.push(settled(value, place, depth))
  if (typeof value !== 'object' || value === null) return
  if (typeof value.finished !== 'function') return walk(value, place, depth)
  pending.push(settled(value.finished(), place, depth, value))
}

async function settled(promise, place, depth, query) {
  try {
    const value = await promise
    result(value, place, depth)
  } catch (err) {
    note(place, err)
  }
  if (query) walk(query, place, depth)
}

function attempt(place, work) {
  try {
    work()
  } catch (err) {
    note(place, err)
  }
}

// Wrong arguments are refused, and that is right. A socket that is opened needs a descriptor.
function note(place, err) {
  if (err.code === 'EMFILE' && place.includes('createSocket()')) return
  if (ON_DISK.test(`${err.code} ${err.message}`)) faults.push(`${place}: ${err.message}`)
}
