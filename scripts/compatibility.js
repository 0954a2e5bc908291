'use strict'

// Writes docs/compatibility.md: what the reference and this package show to a program, member by
// member, asked of both at run time.

const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')
const World = require('./compatibility/world')
const deviations = require('./compatibility/deviations')

const FILE = path.join(ROOT, 'docs', 'compatibility.md')

const CHAPTERS = [
  require('./compatibility/statics'),
  require('./compatibility/node'),
  require('./compatibility/options'),
  require('./compatibility/query'),
  require('./compatibility/messages'),
  require('./compatibility/structures'),
  require('./compatibility/health'),
  require('./compatibility/io'),
  require('./compatibility/errors'),
  require('./compatibility/events'),
  deviations
]

module.exports = { FILE, compare, render }

if (require.main === module) main()

async function main() {
  // TEST_REFERENCE is the path of another version than the one that the document is about.
  const other = process.env.TEST_REFERENCE
  const rows = await compare(require(other || 'dht-rpc-reference'), require('..'))
  if (!other) fs.writeFileSync(FILE, render(rows))
  const wrong = rows.filter((row) => row.unexpected)
  for (const { name, reference, engine } of wrong) {
    console.error(`${name}\n  reference  ${reference}\n  engine     ${engine}`)
  }
  console.log(`${rows.length} rows, ${wrong.length} of them differ where they should not`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}

// Every row of both: { chapter, member, name, reference, engine, deviation, unexpected }.
async function compare(Reference, Engine) {
  const rows = []
  for (const chapter of CHAPTERS) {
    const reference = await ask(chapter, Reference)
    const engine = await ask(chapter, Engine)
    for (const member of new Set([...reference.keys(), ...engine.keys()])) {
      rows.push(judge(chapter.title, member, reference.get(member), engine.get(member)))
    }
  }
  return rows
}

async function ask(chapter, DHT) {
  const observations = new Map()
  const row = (member, observation) => {
    const times = [...observations.keys()].filter((known) => known.startsWith(member)).length
    observations.set(observations.has(member) ? `${member} (${times})` : member, observation)
  }
  for (const probe of chapter.probes) {
    const world = await World.open(DHT)
    try {
      await probe(row, world)
    } finally {
      await world.close()
    }
  }
  return observations
}

// A row that differs has to be one of the deviations, and one that does not must not be.
function judge(chapter, member, reference, engine) {
  const name = `${chapter} / ${member}`
  const deviation = deviations.deviationOf(name)
  const unexpected = (reference === engine) === (deviation !== 0)
  return { chapter, member, name, reference, engine, deviation, unexpected }
}

function render(rows) {
  const same = rows.filter(({ reference, engine }) => reference === engine).length
  const lines = [
    '# Compatibility',
    '',
    'What a program sees of `dht-rpc` 6.27.0 and of this package, asked of both at run time by',
    '`node scripts/compatibility.js`; a test asks again and compares. Addresses, ids and times are',
    'mapped to their kinds. A *field* is an own property, a *getter* and a *method* belong to the',
    'class, `/n` is the arity.',
    '',
    `${rows.length} rows, ${same} of them equal. The others are differences on purpose, and the last`,
    'column says which one of the list at the end.'
  ]
  for (const chapter of new Set(rows.map(({ chapter }) => chapter))) {
    lines.push('', `## ${chapter}`, '', '| | dht-rpc | this package | |', '|---|---|---|---|')
    for (const row of rows) if (row.chapter === chapter) lines.push(renderRow(row))
  }
  lines.push('', '## The differences on purpose', '')
  deviations.DEVIATIONS.forEach((text, i) => lines.push(`${i + 1}. ${text}`))
  return `${lines.join('\n')}\n`
}

function renderRow({ member, reference, engine, deviation }) {
  const mark = deviation === 0 ? '' : `(${deviation})`
  return `| ${cell(member)} | ${cell(reference)} | ${cell(engine)} | ${mark} |`
}

function cell(text = 'absent') {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ')
}
