'use strict'

// What some tests need of the machine, beyond Rust, Node and npm. A test that lacks something is skipped, in the words
// below. `.ci/run` installs what Debian packages give; what none gives excuses a skip there, too.
//   node scripts/needs.js   prints the packages that are missing

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { isolated, runs } = require('./namespaces')

const RMEM_MAX = '/proc/sys/net/core/rmem_max'
const ROOM = 1 << 20 // bytes

const WALL = `table inet wall {
  chain out { type filter hook output priority 0; policy drop; }
}`
const NAT = `table ip nat {
  chain out { type nat hook postrouting priority 100; ct state new masquerade fully-random; }
}`

const NEEDS = {
  linux: {
    has: () => process.platform === 'linux',
    why: 'this is not Linux'
  },
  ulimit: {
    has: () => process.platform !== 'win32',
    why: 'Windows limits no descriptors'
  },
  cc: program('cc', 'gcc', 'libc6-dev'),
  ip: program('ip', 'iproute2'),
  mount: program('mount', 'mount'),
  nft: program('nft', 'nftables'),
  nsenter: program('nsenter', 'util-linux'),
  sysctl: program('sysctl', 'procps'),
  unshare: program('unshare', 'util-linux'),
  namespaces: {
    first: ['unshare', 'mount', 'ip'],
    has: () => runs(...isolated('mount -t tmpfs none /run'), 'ip', 'netns', 'add', 'probe'),
    why: 'no namespaces may be made: the kernel, a container or the user forbids it'
  },
  firewall: {
    first: ['namespaces', 'nft'],
    has: () => takes(WALL),
    why: 'the kernel has no nftables'
  },
  nat: {
    first: ['firewall', 'nsenter', 'sysctl'],
    has: () => takes(NAT),
    why: 'the kernel has no NAT of nftables'
  },
  'large receive buffers': {
    first: ['linux'],
    has: () => Number(fs.readFileSync(RMEM_MAX, 'utf8')) >= ROOM,
    why: `${RMEM_MAX} is under ${ROOM}`
  }
}

module.exports = { isExcused, lacks, missingPackages }

if (require.main === module) console.log(missingPackages().join(' '))

// Why a test that needs these has to be skipped, or false.
function lacks(...names) {
  for (const name of names) {
    const { first = [], has, why } = NEEDS[name]
    const missing = lacks(...first) || (!has() && why)
    if (missing) return missing
  }
  return false
}

function isExcused(reason) {
  return Object.values(NEEDS).some(({ why, packages }) => why === reason && !packages)
}

function missingPackages() {
  if (lacks('linux')) return []
  const missing = Object.values(NEEDS).filter(({ packages, has }) => packages && !has())
  return [...new Set(missing.flatMap(({ packages }) => packages))].sort()
}

function program(name, ...packages) {
  const why = `${name} is not in PATH (Debian: ${packages.join(', ')})`
  return { first: ['linux'], has: () => isInPath(name), why, packages }
}

// Whether the kernel does. A mistake in the rules must not pass for its refusal.
function takes(rules) {
  const [program, ...args] = isolated('true')
  const { status, stderr } = spawnSync(program, [...args, 'nft', rules], { encoding: 'utf8' })
  if (stderr.includes('syntax error')) throw new Error(stderr)
  return status === 0
}

function isInPath(name) {
  return (process.env.PATH || '')
    .split(path.delimiter)
    .some((folder) => isExecutable(path.join(folder, name)))
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}
