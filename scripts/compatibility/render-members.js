'use strict'

const { table } = require('../markdown')
const { KINDS } = require('./walk/kinds')

const RETURNED = 'What calls return'

module.exports = { renderMembers }

function renderMembers(rows) {
  const sections = grouped(rows, ({ of }) => sectionOf(of))
  const lines = [
    '## Members',
    '',
    'Every own and inherited member, getter, method, static and event that can be reached from',
    '`require()`, a live node and what its calls hand out, down to what Node and streamx give. A',
    '*field* is an own property, a *getter* and a *method* belong to the class, `/n` is the arity.',
    'A *read-only* field cannot be written, a *hidden* one is not enumerable.',
    '',
    summary(sections)
  ]
  for (const [title, members] of sections) lines.push('', ...section(title, members))
  return lines
}

function summary(sections) {
  const kinds = Object.values(KINDS).filter((kind) => isUsed(sections, kind))
  const head = ['', 'members', 'equal', ...kinds.map(({ name }) => name)]
  const counts = (rows) => [
    rows.length,
    rows.filter(({ reference, engine }) => reference === engine).length,
    ...kinds.map((kind) => rows.filter(({ reason }) => reason?.kind === kind).length)
  ]
  const all = [...sections.values()].flat()
  const lines = [...sections].map(([title, rows]) => [title, ...counts(rows)])
  return table(head, [...lines, ['all', ...counts(all)]])
}

function isUsed(sections, kind) {
  return [...sections.values()].flat().some(({ reason }) => reason?.kind === kind)
}

function section(title, rows) {
  const differing = rows.filter(({ reference, engine }) => reference !== engine)
  const lines = [`### ${headingOf(title, rows)}`]
  if (differing.length > 0) lines.push('', table(['', 'here', 'why'], reasons(differing)))
  lines.push('', '<details>', `<summary>${rows.length} members</summary>`, '')
  lines.push(table(['', 'dht-rpc', 'this package'], rows.map(compared)), '', '</details>')
  return lines
}

// What is missing for one reason is one row.
function reasons(rows) {
  const groups = grouped(rows, ({ reason, engine }) => `${reason?.why} ${presence(engine)}`)
  return [...groups.values()].map((members) => {
    const [{ reason, engine }] = members
    const why = reason === null ? '**no reason**' : `${reason.kind.name}: ${reason.why}`
    return [members.map(named).join(', '), presence(engine), why].map(cell)
  })
}

function presence(engine) {
  return engine === 'absent' ? 'absent' : 'differs'
}

function compared(row) {
  const { reference, engine } = row
  return [named(row), reference, engine === reference ? '=' : engine].map(cell)
}

// `stats.queries.active` of a node, `OK` of its class.
function named({ of, member, reference }) {
  if (member.startsWith('event ')) return `event \`${member.slice(6)}\``
  const tail = tailOf(of)
  if (member === '(is a)') return tail === '' ? 'is a' : `\`${tail}\` is a`
  const isCall = /^(static )?method/.test(reference)
  const name = `${tail === '' ? '' : `${tail}.`}${member}${isCall ? '()' : ''}`
  return of.includes('(class)') ? `static \`${name}\`` : `\`${name}\``
}

function sectionOf(name) {
  return name.includes('()') ? RETURNED : name.replace(' (class)', '').split('.')[0]
}

function tailOf(name) {
  return name.includes('()') ? name : name.split('.').slice(1).join('.')
}

function headingOf(title, rows) {
  const main = rows.find(({ of }) => of === title)
  const path = main === undefined ? title : main.path.replace(/^DHT\./, 'dht.')
  return path === title ? title : `${title}: \`${path}\``
}

function grouped(rows, keyOf) {
  const groups = new Map()
  for (const row of rows) {
    const key = keyOf(row)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(row)
  }
  return groups
}

function cell(text) {
  return String(text).replaceAll('|', '\\|')
}
