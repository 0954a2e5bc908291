// A process that does what its parent sends, as a user of its own if it is told one. Whatever it may
// need of the disk, and the threads of the runtime itself, are there before it says that it is.

const fs = require('fs')
const path = require('path')
const { Worker } = require('worker_threads')

const [file, uid] = process.argv.slice(2)
const DHT = require(file)
const HOST = '127.0.0.1'
const AsyncFunction = (async () => {}).constructor

const tools = {
  DHT,
  HOST,
  Worker,
  file,
  create: (opts) => new DHT({ host: HOST, bootstrap: [], ...opts }),
  to: (node) => ({ host: HOST, port: node.localAddress().port }),
  destroy: (nodes) => Promise.all(nodes.map((node) => node.destroy())),
  threads: () =>
    fs.readdirSync('/proc/self/task').map((id) => {
      try {
        return fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim()
      } catch {
        return 'ended'
      }
    })
}

main()

async function main() {
  loadAll(path.join(path.dirname(file), 'lib'))
  // The pool of libuv, which ends the process if it cannot start its threads.
  await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat('.')))
  if (uid) {
    process.setgroups([])
    process.setgid(Number(uid))
    process.setuid(Number(uid))
  }
  process.on('message', async (body) => process.send(await outcome(body)))
  process.send('ready')
}

async function outcome(body) {
  try {
    return { value: await new AsyncFunction(...Object.keys(tools), body)(...Object.values(tools)) }
  } catch (err) {
    return { code: err.code || 'none', message: err.message }
  }
}

function loadAll(folder) {
  for (const name of fs.readdirSync(folder, { recursive: true })) {
    const isForNode = name.endsWith('.js') && !name.includes('bare')
    if (isForNode) require(path.join(folder, name))
  }
}
