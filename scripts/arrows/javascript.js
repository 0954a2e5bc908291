'use strict'

const fs = require('fs')
const path = require('path')
const { stripComments } = require('./source')

const REQUIRE = /\brequire\s*\(\s*(['"])([^'"]+)\1\s*\)/g
const IMPORT =
  /^\s*(?:import|export)\b[^'"();]*?\bfrom\s*(['"])([^'"]+)\1|^\s*import\s*(['"])([^'"]+)\3|\bimport\s*\(\s*(['"])([^'"]+)\5/gm

module.exports = { readModules }

// Which file requires which. files: paths in root.
// Returns { file: { imports: Set of files, code } }.
function readModules(root, files) {
  const modules = {}
  for (const file of files) {
    const code = stripComments(fs.readFileSync(path.join(root, file), 'utf8'))
    modules[file] = { imports: new Set(), code }
  }
  for (const file of files) {
    for (const name of names(modules[file].code)) {
      const found = find(file, name, modules)
      if (found && found !== file) modules[file].imports.add(found)
    }
  }
  return modules
}

function names(code) {
  const required = [...code.matchAll(REQUIRE)].map((match) => match[2])
  const imported = [...code.matchAll(IMPORT)].map((match) => match[2] || match[4] || match[6])
  return [...required, ...imported].filter((name) => name.startsWith('.'))
}

function find(from, name, modules) {
  const base = path.posix.join(path.posix.dirname(from), name)
  const tries = [base, `${base}.js`, `${base}.d.ts`, `${base}/index.js`]
  return tries.find((file) => file in modules)
}
