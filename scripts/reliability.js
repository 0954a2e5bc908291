'use strict'

// Puts what a script measured into its section of docs/reliability.md, between the section's markers.

const fs = require('fs')
const os = require('os')
const path = require('path')
const { ROOT } = require('../lib/platform')

const DOCUMENT = path.join(ROOT, 'docs', 'reliability.md')

module.exports = { record, machine, table }

function record(section, text) {
  const [begin, end] = [`<!-- ${section} -->`, `<!-- /${section} -->`]
  const document = fs.readFileSync(DOCUMENT, 'utf8')
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`${DOCUMENT} has no section ${begin} … ${end}`)
  const [before, after] = [document.slice(0, from + begin.length), document.slice(to)]
  fs.writeFileSync(DOCUMENT, `${before}\n${text.trim()}\n${after}`)
}

function machine() {
  return `${os.cpus().length} × ${os.cpus()[0].model.trim()}, Node ${process.version}`
}

// A table in Markdown; rows are arrays of cells, the first one the head.
function table([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
