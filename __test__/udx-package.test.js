// slow: it installs packages

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('../lib/crossing/platform')
const { temporary } = require('./helpers/copy')

const UDX = require('../udx')

test('the entry is the class that nodes use', () => {
  const DHT = require('..')
  const node = new DHT({ bootstrap: [], host: '127.0.0.1' })
  assert.ok(node.udx instanceof UDX)
  return node.destroy()
})

test('an override puts it where programs look for udx-native', (t) => {
  const folder = temporary(t)
  const write = (name, content) => {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  write('program/package.json', {
    name: 'program',
    version: '1.0.0',
    dependencies: { 'udx-native': '^1.0.0' }
  })
  write('program/index.js', "module.exports = require('udx-native')")
  write('project/package.json', {
    dependencies: { program: 'file:../program/program-1.0.0.tgz' },
    overrides: { 'udx-native': `file:${path.join(ROOT, 'udx-native')}` }
  })
  const cwd = path.join(folder, 'project')
  npm(path.join(folder, 'program'), 'pack')
  npm(cwd, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund')
  const source = `
    const UDX = require('program')
    const udx = new UDX()
    const socket = udx.createSocket()
    socket.bind(0, '127.0.0.1')
    const stream = udx.createStream(1) // its own peer
    stream.connect(socket, 1, socket.address().port)
    stream.end('works')
    stream.on('data', (data) => console.log(data.toString(), UDX === require(process.argv[1])))
    stream.on('close', () => socket.close())`
  const said = execFileSync(process.execPath, ['-e', source, path.join(ROOT, 'udx.js')], { cwd })
  assert.strictEqual(said.toString(), 'works true\n')
})

function npm(cwd, ...args) {
  const onWindows = process.platform === 'win32'
  execFileSync(onWindows ? 'npm.cmd' : 'npm', args, { cwd, stdio: 'pipe', shell: onWindows })
}
