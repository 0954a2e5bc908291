'use strict'

const { table } = require('../markdown')
const { DEVIATIONS } = require('./deviations')
const { renderMembers } = require('./render-members')

const LONG = 60 // characters; what is longer stands below its table

module.exports = { render }

function render({ members, behaviour }) {
  return `${[
    ...introduction(behaviour),
    ...renderMembers(members),
    '',
    '## Behaviour',
    '',
    'The same calls on both. Addresses, ids and times are mapped to their kinds.',
    ...chapters(behaviour)
  ].join('\n')}\n`
}

function introduction(behaviour) {
  const equal = behaviour.filter(({ reference, engine }) => reference === engine).length
  return [
    '# Compatibility',
    '',
    'What a program sees of `dht-rpc` 6.27.0 and of this package. `node scripts/compatibility.js`',
    'writes this page, and a test fails when it is not what the packages show.',
    '',
    '- [The differences on purpose](#the-differences-on-purpose), and why.',
    "- [Members](#members): a walk of the reference's objects, so that nothing is left out that is",
    '  only missing here.',
    `- [Behaviour](#behaviour): ${behaviour.length} observations of both, ${equal} of them equal.`,
    '',
    '## The differences on purpose',
    '',
    ...DEVIATIONS.map((text, i) => `${i + 1}. ${text}`),
    ''
  ]
}

function chapters(rows) {
  const titles = [...new Set(rows.map(({ of }) => of))]
  return titles.flatMap((title) =>
    chapter(
      title,
      rows.filter(({ of }) => of === title)
    )
  )
}

function chapter(title, rows) {
  const differing = rows.filter(({ reference, engine }) => reference !== engine)
  const equal = rows.filter(({ reference, engine }) => reference === engine)
  const lines = ['', `### ${title}`]
  if (differing.length > 0) lines.push('', ...differences(differing))
  if (equal.length > 0) {
    lines.push('', '<details>', `<summary>${equal.length} equal</summary>`, '')
    lines.push(...alike(equal), '', '</details>')
  }
  return lines
}

function differences(rows) {
  const head = ['', 'dht-rpc', 'this package', '']
  const cells = ({ reference, engine }) => [reference, engine]
  return tableOf(head, rows, cells, ({ deviation, reason }) => [mark(deviation, reason)])
}

function alike(rows) {
  return tableOf(
    ['', 'both'],
    rows,
    ({ reference }) => [reference],
    () => []
  )
}

// Rows with a long cell are not for a table.
function tableOf(head, rows, cellsOf, marksOf) {
  const isLong = (row) => cellsOf(row).some((text) => text.length > LONG)
  const short = rows.filter((row) => !isLong(row))
  const lines = []
  if (short.length > 0) {
    const cells = (row) => [row.member, ...cellsOf(row), ...marksOf(row)].map(cell)
    lines.push(table(head, short.map(cells)))
  }
  const long = rows.filter(isLong)
  if (short.length > 0 && long.length > 0) lines.push('')
  for (const row of long) lines.push(item(row, cellsOf(row), marksOf(row)))
  return lines
}

function item({ member }, cells, marks) {
  const [reference, engine] = cells
  const text = engine === undefined ? reference : `${reference} → ${engine}`
  return `- ${plain(member)}: ${plain([text, ...marks].join(' '))}`
}

function mark(deviation, reason) {
  return reason === null ? `(${deviation})` : `${reason.kind.name}: ${reason.why}`
}

function cell(text) {
  return plain(text).replaceAll('|', '\\|')
}

function plain(text) {
  return String(text).replaceAll('\n', ' ').replaceAll('<', '&lt;')
}
