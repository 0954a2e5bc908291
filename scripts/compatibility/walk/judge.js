'use strict'

const { nameOfKey } = require('./members')
const { reasonOf, reasonsWithout } = require('./reasons')
const { edgeOf } = require('./walk')

const ABSENT = 'absent'

module.exports = { judge, staleReasons }

// A row for each member and each event of the reference: { of, path, member, reference, engine,
// reason, unexpected }.
function judge({ reference, engine }) {
  const rows = []
  for (const [of, { path, members }] of reference.nodes) {
    for (const [key, texts] of members) {
      const seen = engine.nodes.get(of)?.members.get(key)
      rows.push({ of, path, key, member: nameOfKey(key), ...both(texts, seen) })
    }
    for (const [event, signatures] of reference.events.get(of) || []) {
      const seen = engine.events.get(of)?.get(event)
      rows.push({ of, path, key: null, member: `event ${event}`, ...both(signatures, seen) })
    }
  }
  return rows.map((row) => explain(row, rows, reference, engine))
}

// Reasons for what is there and alike, or what the reference does not have.
function staleReasons(rows) {
  const differing = rows.filter(({ reference, engine }) => reference !== engine)
  return reasonsWithout(differing).map(({ of, member, why }) => ({
    of,
    member,
    reference: 'does not differ',
    engine: `has a reason: ${why}`
  }))
}

function both(texts, seen) {
  return { reference: shown(texts), engine: seen === undefined ? ABSENT : shown(seen) }
}

// { 'field: null', 'field: string' } is shown as 'field: null, string'.
function shown(texts) {
  const kinds = new Map()
  for (const text of [...texts].sort()) {
    const [kind, type] = text.split(/: (.*)/)
    if (!kinds.has(kind)) kinds.set(kind, [])
    if (type !== undefined) kinds.get(kind).push(type)
  }
  const texted = [...kinds].map(([kind, types]) =>
    types.length ? `${kind}: ${types.join(', ')}` : kind
  )
  return texted.join(' or ')
}

function explain(row, rows, reference, engine) {
  const differs = row.reference !== row.engine
  const reason = differs ? reasonOf(row) || inherited(row.of, reference, engine, rows) : null
  return { ...row, reason, deviation: 0, unexpected: differs && reason === null }
}

// An object that cannot be reached is missing for the reason for which the member is that leads to
// it.
function inherited(of, reference, engine, rows, seen = new Set()) {
  if (engine.nodes.has(of) || seen.has(of)) return null
  seen.add(of)
  const reasons = rows
    .filter(({ of: from, key }) => key !== null && reference.edges.get(edgeOf(from, key))?.has(of))
    .filter(({ of: from }) => from !== of)
    .map((row) => reasonOf(row) || inherited(row.of, reference, engine, rows, seen))
  return reasons.filter(Boolean).sort((a, b) => a.kind.rank - b.kind.rank)[0] || null
}
