'use strict'

// Writes docs/compatibility.md: what the reference and this package show to a program. The members
// are those that a walk of the reference's objects finds; how they behave is asked of both.

const fs = require('fs')
const path = require('path')
const World = require('./compatibility/world')
const deviations = require('./compatibility/deviations')
const { unprovoked } = require('./compatibility/source')
const { walk } = require('./compatibility/walk')
const { judge, staleReasons } = require('./compatibility/walk/judge')
const { reasonOf } = require('./compatibility/walk/reasons')
const { render } = require('./compatibility/render')

const FILE = path.join(__dirname, '..', 'docs', 'compatibility.md')

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

module.exports = { FILE, compare, render, unexpected }

if (require.main === module) main()

async function main() {
  // TEST_REFERENCE is the path of another version than the one that the document is about.
  const other = process.env.TEST_REFERENCE
  const found = await compare(require(other || 'dht-rpc-reference'), require('..'))
  if (!other) fs.writeFileSync(FILE, render(found))
  const wrong = unexpected(found)
  for (const { of, member, reference, engine } of wrong) {
    console.error(`${of} / ${member}\n  reference  ${reference}\n  engine     ${engine}`)
  }
  const { members, behaviour } = found
  console.log(`${members.length} members, ${behaviour.length} rows of behaviour`)
  console.log(`${wrong.length} differ where they should not`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}

// Rows of both packages: { of, member, reference, engine, reason, deviation, unexpected }.
async function compare(Reference, Engine) {
  const members = judge(await walk(Reference, Engine))
  const behaviour = []
  for (const chapter of CHAPTERS) {
    const reference = await ask(chapter, Reference)
    const engine = await ask(chapter, Engine)
    for (const member of new Set([...reference.keys(), ...engine.keys()])) {
      behaviour.push(weigh(chapter.title, member, reference.get(member), engine.get(member)))
    }
  }
  const said = behaviour.filter(({ of }) => of === 'Errors').map(({ reference }) => reference)
  const silent = unprovoked(Reference, said).map(neverHeard)
  return { members, behaviour, faults: [...silent, ...staleReasons([...members, ...behaviour])] }
}

// What a release must not have.
function unexpected({ members, behaviour, faults }) {
  return [...members, ...behaviour].filter((row) => row.unexpected).concat(faults)
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
function weigh(of, member, reference = 'absent', engine = 'absent') {
  const reason = reference === engine ? null : reasonOf({ of, member })
  const deviation = reason === null ? deviations.deviationOf(`${of} / ${member}`, reference) : 0
  const explained = reason !== null || deviation !== 0
  const unexpected = (reference !== engine) !== explained
  return { of, member, reference, engine, reason, deviation, unexpected }
}

function neverHeard(words) {
  return {
    of: 'Errors',
    member: words,
    reference: 'is in its source',
    engine: 'nothing here provokes it'
  }
}
