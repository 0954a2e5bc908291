'use strict'

// Builds the native binding and puts it where lib/crossing/native.js looks for it. Needs Node, npm and cargo, and no module.
//   node scripts/build.js               always asks cargo
//   node scripts/build.js --if-needed   outside of a git checkout: not when the binary there is already loads

const { spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { ROOT, platformName, prebuiltPath, libraryName } = require('../lib/crossing/platform')

const CHECKOUT = fs.existsSync(path.join(ROOT, '.git'))

module.exports = { build }

if (require.main === module) build({ ifNeeded: process.argv.includes('--if-needed') })

function build({ ifNeeded = false } = {}) {
  installDependencies()
  if (ifNeeded && !CHECKOUT && loads()) return
  const target = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target')
  const { error, status } = spawnSync(
    'cargo',
    ['build', '--release', '--locked', '--lib', ...features(), '--target-dir', target],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: rustFlags() } }
  )
  if (error && ifNeeded && loads()) return
  if (error) fail(`cargo cannot be started (${error.code}). Install Rust: https://rustup.rs`)
  if (status !== 0) fail('cargo build failed, see above.')
  const built = path.join(target, 'release', libraryName())
  if (!fs.existsSync(built)) fail(`cargo made no ${libraryName()} for this target.`)
  publish(built)
  const leftovers = !CHECKOUT && !process.env.CARGO_TARGET_DIR
  if (leftovers) fs.rmSync(target, { recursive: true, force: true })
}

// Messages in the binary name no folder of the machine that it was made on. On musl Rust links statically unless told
// otherwise, and makes no library that Node.js could load.
function rustFlags() {
  const home = process.env.CARGO_HOME || path.join(os.homedir(), '.cargo')
  const flags = (process.env.RUSTFLAGS || '').split(/\s+/).filter(Boolean)
  flags.push(`--remap-path-prefix=${home}=cargo`, `--remap-path-prefix=${ROOT}=dht-rpc-native`)
  if (isMusl()) flags.push('-Ctarget-feature=-crt-static')
  return flags.join('\x1f')
}

// musl's allocator has one lock for all threads. Elsewhere the system's own is as fast here, and a process of 100
// nodes takes half of the memory.
function features() {
  return isMusl() ? ['--features', 'mimalloc'] : []
}

function isMusl() {
  return platformName().endsWith('-musl')
}

// A project that installs this folder by its path gets a link: npm leaves the folder's dependencies to the folder.
function installDependencies() {
  const { dependencies } = require('../package.json')
  if (Object.keys(dependencies).every(resolves)) return
  // This may run inside of another npm's install, whose flags come as variables.
  const env = { ...process.env, npm_config_global: 'false' }
  const command = 'npm ci --omit=dev --ignore-scripts --no-audit --no-fund'
  const { status } = spawnSync(command, { cwd: ROOT, env, shell: true, stdio: 'inherit' })
  if (status !== 0) fail('its dependencies cannot be installed, see above.')
}

function resolves(name) {
  try {
    return Boolean(require.resolve(name))
  } catch {
    return false
  }
}

// A process of its own, so that this one does not keep the file mapped while it is replaced.
function loads() {
  const probe = `require(${JSON.stringify(prebuiltPath())})`
  return spawnSync(process.execPath, ['-e', probe], { stdio: 'ignore' }).status === 0
}

// Renamed into place: writing into a file that some process has mapped would crash it.
function publish(built) {
  const file = prebuiltPath()
  if (sameContent(built, file)) return
  const draft = `${file}.${process.pid}`
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.copyFileSync(built, draft)
  fs.renameSync(draft, file)
}

function sameContent(a, b) {
  return fs.existsSync(b) && fs.readFileSync(a).equals(fs.readFileSync(b))
}

function fail(reason) {
  console.error(`dht-rpc: no native binding for ${platformName()}: ${reason}`)
  process.exit(1)
}
