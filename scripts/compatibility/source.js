'use strict'

// What a package says of itself: its entries, and the messages of errors in its source.

const fs = require('fs')
const path = require('path')

const ERROR = /new \w*Error\(\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`)/g
const NAMED = /msg = '([^']*)'/g // of errors with a code

module.exports = { entriesOf, unprovoked }

// What can be required of it. A class that no module exports has one entry.
function entriesOf(DHT) {
  const module = moduleOf(DHT)
  if (module === null) return ['.']
  const { exports } = require(path.join(path.dirname(module.filename), 'package.json'))
  return exports && typeof exports === 'object' ? Object.keys(exports) : ['.']
}

// Those of its messages that none of the given ones is.
function unprovoked(DHT, messages) {
  const words = sourcesOf(DHT).flatMap(wordsOf)
  return words.filter((text) => !messages.some((message) => patternOf(text).test(message)))
}

function moduleOf(DHT) {
  return Object.values(require.cache).find(({ exports }) => exports === DHT) || null
}

function sourcesOf(DHT) {
  const module = moduleOf(DHT)
  if (module === null) return []
  const lib = path.join(path.dirname(module.filename), 'lib')
  const files = fs.readdirSync(lib).map((name) => path.join(lib, name))
  return [module.filename, ...files].filter((file) => file.endsWith('.js'))
}

function wordsOf(file) {
  const source = fs.readFileSync(file, 'utf8')
  const found = [...source.matchAll(ERROR), ...source.matchAll(NAMED)]
  return found.map(([, ...words]) => words.find((text) => text !== undefined))
}

// What a template puts in may be anything.
function patternOf(words) {
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const parts = words.split(/\$\{[^}]*\}/).map(escaped)
  return new RegExp(`^(\\w+: )?${parts.join('.*')}$`)
}
