'use strict'

// A project that has the package installed, and its program for Bare as one file by Pear's bundler.

const { spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { CACHE, STAGE } = require('./paths')

const MODULES = path.join(CACHE, 'node_modules')
const PROGRAM = `
const DHT = require('dht-rpc-native')
const node = new DHT({ bootstrap: [] })
node
  .fullyBootstrapped()
  .then(() => node.destroy())
  .then(() => console.log('ok a node in a bundle'))
`

module.exports = { withBundle }

// Calls `use` with the bundle's path. The project is gone by then: the bundle has to have all with it.
function withBundle(use) {
  const project = fs.mkdtempSync(path.join(os.tmpdir(), 'bundle-'))
  const shipped = fs.mkdtempSync(path.join(os.tmpdir(), 'bundled-'))
  try {
    const file = path.join(shipped, 'bundle.bundle')
    pack(project, file)
    fs.rmSync(project, { recursive: true })
    return use(file)
  } finally {
    for (const folder of [project, shipped]) fs.rmSync(folder, { recursive: true, force: true })
  }
}

function pack(project, file) {
  install('dht-rpc-native', STAGE, path.join(project, 'node_modules'))
  fs.writeFileSync(path.join(project, 'package.json'), '{}')
  fs.writeFileSync(path.join(project, 'program.js'), PROGRAM)
  const packer = path.join(MODULES, 'bare-pack', 'bin.js')
  const host = `${process.platform}-${process.arch}`
  const args = ['--host', host, '--offload-addons', '--out', file, 'program.js']
  const options = { cwd: project, encoding: 'utf8' }
  const { status, stderr } = spawnSync(process.execPath, [packer, ...args], options)
  if (status !== 0) throw new Error(`The bundler failed:\n${stderr}`)
}

// Copies a package and all that it depends on.
function install(name, from, to) {
  const folder = path.join(to, name)
  if (fs.existsSync(folder)) return
  const { dependencies = {} } = JSON.parse(fs.readFileSync(path.join(from, 'package.json'), 'utf8'))
  fs.cpSync(from, folder, { recursive: true })
  for (const each of Object.keys(dependencies)) install(each, path.join(MODULES, each), to)
}
