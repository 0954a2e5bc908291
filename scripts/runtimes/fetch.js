'use strict'

// The runtimes, which come as npm packages. Bun, Deno and Bare are those of modules/package-lock.json: of Bare's
// modules the newest ask for a newer Bare than there is, so some are held at what is built into it.

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { platformName } = require('../../lib/crossing/platform')
const { CACHE, HARNESS } = require('./paths')

const NODES = path.join(CACHE, 'node')
const MAJORS = [20, 22, 24, 26]
const NAMES = [...MAJORS.map((major) => `Node ${major}`), 'Bun', 'Deno', 'Bare']

const GC = '--expose-gc'
// What the article writes has no package.json, from which Deno would know the last two by itself.
const DENO = ['run', '-A', '--quiet', `--v8-flags=${GC}`]
DENO.push('--node-modules-dir=manual', '--unstable-detect-cjs')

const { platform, arch, execPath, version } = process
const own = Number(version.slice(1).split('.', 1)[0])
const exe = platform === 'win32' ? '.exe' : ''

module.exports = { NAMES, fetch }

// Each with what runs a program that was written for Node: { name, version, program, args }, and the packages that run
// on it at all. Those that there are not for this system are left out.
function fetch(names) {
  const nodes = MAJORS.filter((major) => names.includes(`Node ${major}`))
  const others = NAMES.slice(MAJORS.length).filter((name) => names.includes(name))
  if (nodes.some((major) => major !== own)) fetchNodes()
  if (others.length > 0) fetchOthers()
  const found = [...nodes.map(node), ...others.map((name) => OTHERS[name]())]
  return found.filter(({ program }) => fs.existsSync(program)).map(withVersion)
}

const OTHERS = {
  Bun: () => ({
    name: 'Bun',
    program: installed(`@oven/bun-${bunPlatform()}`, 'bin', `bun${exe}`),
    args: [GC],
    packages: ['native']
  }),
  Deno: () => ({
    name: 'Deno',
    program: installed(`@deno/${denoPlatform()}`, `deno${exe}`),
    args: DENO,
    packages: ['native']
  }),
  Bare: () => ({
    name: 'Bare',
    program: installed(`bare-runtime-${platform}-${arch}`, 'bin', `bare${exe}`),
    args: [GC, path.join(HARNESS, 'bare.js')],
    packages: ['native', 'reference']
  })
}

function node(major) {
  const file = path.join(NODES, 'node_modules', `node${major}`, 'bin', `node${exe}`)
  const program = major === own ? execPath : file
  return { name: `Node ${major}`, program, args: [GC], packages: ['native', 'reference'] }
}

function bunPlatform() {
  const system = platform === 'win32' ? 'windows' : platform
  const libc = platformName().endsWith('-musl') ? '-musl' : ''
  return `${system}-${arch === 'arm64' ? 'aarch64' : arch}${libc}`
}

function denoPlatform() {
  return `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`
}

function installed(...parts) {
  return path.join(CACHE, 'node_modules', ...parts)
}

function withVersion(runtime) {
  const { program } = runtime
  if (program !== execPath) fs.chmodSync(program, 0o755) // Bare's package leaves it to a script
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return { ...runtime, version: /\d+\.\d+\.\d+/.exec(stdout || '')?.[0] || 'unknown' }
}

function fetchNodes() {
  const system = platform === 'win32' ? 'win' : platform
  const dependencies = {}
  for (const major of MAJORS.filter((major) => major !== own)) {
    dependencies[`node${major}`] = `npm:node-${system}-${arch}@${major}`
  }
  install(NODES, { 'package.json': JSON.stringify({ private: true, dependencies }, null, 2) })
}

function fetchOthers() {
  const files = {}
  for (const file of ['package.json', 'package-lock.json']) {
    files[file] = fs.readFileSync(path.join(__dirname, 'modules', file), 'utf8')
  }
  install(CACHE, files)
}

// Fetches nothing when these files are what was installed from before.
function install(folder, files) {
  const stamp = path.join(folder, '.installed-from')
  const wanted = Object.values(files).join('\n')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return

  const { dependencies } = JSON.parse(files['package.json'])
  console.log(`Fetching ${Object.keys(dependencies).join(', ')}`)
  fs.mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, file), text)
  const command = 'npm install --ignore-scripts --prefer-offline --no-audit --no-fund'
  const { status } = spawnSync(command, { cwd: folder, shell: true, stdio: 'inherit' })
  if (status !== 0) throw new Error('The runtimes cannot be fetched, see above')
  fs.writeFileSync(stamp, wanted)
}
