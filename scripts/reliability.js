'use strict'

// What the scripts that fill docs/reliability.md have in common.

const os = require('os')
const { writeMarked } = require('./marked')

module.exports = { record, machine, table }

function record(part, text) {
  writeMarked('docs/reliability.md', part, `\n${text}`)
}

function machine() {
  return `${os.cpus().length} × ${os.cpus()[0].model.trim()}, Node ${process.version}`
}

// A table in Markdown; rows are arrays of cells, the first one the head.
function table([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
