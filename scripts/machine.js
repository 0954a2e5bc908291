'use strict'

const os = require('os')

module.exports = { machine }

// What figures were measured on, in a line.
function machine() {
  const [cpu] = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  const kernel = `${os.type()} ${os.release().split('-')[0]}`
  return `${os.cpus().length} × ${cpu.model.trim()}, ${memory} GiB, ${kernel}, Node ${process.version}`
}
