'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, prebuiltPath } = require('../../lib/crossing/platform')

module.exports = { temporary, copyPackage, placePackage }

// A folder that is there until the end of the test.
function temporary(t) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-copy-')))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

// The package with its binary and all that it depends on, as an install leaves it. Returns where it is.
function copyPackage(t) {
  const folder = temporary(t)
  placePackage(folder)
  for (const name of dependencies('.')) place(folder, path.join('node_modules', name))
  return folder
}

// The package alone.
function placePackage(folder) {
  for (const name of ['index.js', 'index.d.ts', 'package.json', 'lib']) place(folder, name)
  place(folder, path.relative(ROOT, prebuiltPath()))
}

function place(folder, name) {
  fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
}

// With those that these depend on.
function dependencies(folder, found = new Set()) {
  const manifest = fs.readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8')
  for (const name of Object.keys(JSON.parse(manifest).dependencies || {})) {
    if (found.has(name)) continue
    found.add(name)
    dependencies(path.join('node_modules', name), found)
  }
  return found
}
