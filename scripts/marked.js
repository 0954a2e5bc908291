'use strict'

// The parts of documents that scripts write: between <!-- name --> and <!-- /name -->.

const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

module.exports = { readMarked, writeMarked }

function readMarked(file, name) {
  const found = pattern(name).exec(fs.readFileSync(path.join(ROOT, file), 'utf8'))
  if (!found) throw new Error(`${file} has no part called ${name}`)
  return found[2]
}

function writeMarked(file, name, text) {
  const place = path.join(ROOT, file)
  const before = fs.readFileSync(place, 'utf8')
  readMarked(file, name)
  const part = (_, start, old, end) => `${start}\n${text.trim()}\n\n${end}`
  fs.writeFileSync(place, before.replace(pattern(name), part))
}

function pattern(name) {
  return new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`)
}
