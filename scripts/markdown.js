'use strict'

module.exports = { table, count }

// A table in Markdown. `head` and each row are arrays of cells.
function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

// A whole number, with a space before every three digits.
function count(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ')
}
