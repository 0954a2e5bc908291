'use strict'

const { isDeepStrictEqual } = require('util')

const CATEGORIES = ['sends', 'events', 'settled', 'queries', 'commit']
const BEFORE = 2
const AFTER = 6
const HISTORY = 8

// The first step after which the two sides are not the same.
class Divergence extends Error {
  constructor(history, parts) {
    const step = history.length - 1
    const earlier = history.slice(-HISTORY - 1, -1).map((command) => `    ${text(command)}`)
    const lines = [
      `step ${step} differs: ${text(history[step])}`,
      ...parts,
      `  the steps before:`,
      ...earlier
    ]
    super(lines.join('\n'))
    this.name = 'Divergence'
    this.step = step
  }

  // Throws if there is one. Each side is `{trace, state}` with a mapped trace.
  static check(history, reference, engine) {
    const parts = []
    for (const category of CATEGORIES) {
      const lines = [reference, engine].map(({ trace }) => {
        return trace.filter((entry) => entry.category === category).map(({ line }) => line)
      })
      parts.push(...compareLists(category, ...lines))
    }
    for (const name of Object.keys(reference.state)) {
      parts.push(...compareState(name, reference.state[name], engine.state[name]))
    }
    if (parts.length > 0) throw new Divergence(history, parts)
  }
}

function compareState(name, reference, engine) {
  if (Array.isArray(reference)) {
    const lists = [reference, engine].map((list) => list.map(String))
    return compareLists(`state.${name}`, ...lists)
  }
  if (isDeepStrictEqual(reference, engine)) return []
  return [
    `  state.${name}`,
    `    reference  ${JSON.stringify(reference)}`,
    `    engine     ${JSON.stringify(engine)}`
  ]
}

function compareLists(name, reference, engine) {
  const length = Math.max(reference.length, engine.length)
  let first = 0
  while (first < length && reference[first] === engine[first]) first++
  if (first === length) return []

  const order = isDeepStrictEqual(reference.toSorted(), engine.toSorted())
    ? ' (only the order)'
    : ''
  const same = reference.slice(Math.max(0, first - BEFORE), first)
  const sizes = `${reference.length} of the reference, ${engine.length} of the engine`
  return [
    `  ${name} differ${order} at ${first} of ${sizes}`,
    ...same.map((line) => `    both       ${line}`),
    ...tail('reference', reference, first),
    ...tail('engine', engine, first)
  ]
}

function tail(side, list, first) {
  const rest = list.slice(first, first + AFTER)
  if (rest.length === 0) rest.push('nothing')
  return rest.map((line) => `    ${side.padEnd(9)}  ${line}`)
}

function text({ mono, wall, ...command }) {
  return `${mono} ${JSON.stringify(command)}`
}

module.exports = Divergence
