'use strict'

// Node's worker_threads on Bare: a worker finds the modules and globals of Node's there too, and may be a source text.

const os = require('bare-os')
const fs = require('bare-fs')
const path = require('bare-path')
const threads = require('bare-worker')

const { program, data } = threads.workerData || {}
let count = 0

class Worker extends threads.Worker {
  constructor(source, { eval: isText = false, workerData } = {}) {
    const file = isText ? write(source) : source
    super(require.resolve('./thread'), { workerData: { program: file, data: workerData } })
  }

  // Its end alone keeps no process alive.
  async terminate() {
    const timer = setInterval(() => {}, 1000)
    try {
      return await super.terminate()
    } finally {
      clearInterval(timer)
    }
  }
}

function write(source) {
  const file = path.join(os.tmpdir(), `worker-${Bare.pid}-${count++}.js`)
  fs.writeFileSync(file, source)
  return file
}

module.exports = {
  ...threads,
  Worker,
  program,
  workerData: data,
  parentPort: threads.parentPort,
  isMainThread: threads.isMainThread
}
