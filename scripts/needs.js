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
  glibc: {
    first: ['linux'],
    has: () => process.report.getReport().header.glibcVersionRuntime !== undefined,
    why: 'the C library is not glibc'
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
  prlimit: program('prlimit', 'util-linux'),
  setpriv: program('setpriv', 'util-linux'),
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
  'other users': {
    first: ['setpriv', 'prlimit'],
    has: () => process.getuid() === 0 && runs('setpriv', '--reuid=65534', '--clear-groups', 'true'),
    why: 'only root may run a program as another user'
  },
  'control groups': {
    first: ['linux'],
    has: canMakeGroup,
    why: 'no control group that counts processes may be made'
  },
  'large receive buffers': {
    first: ['linux'],
    has: () => Number(fs.readFileSync(RMEM_MAX, 'utf8')) >= ROOM,
    why: `${RMEM_MAX} is under ${ROOM}`
  }
}

module.exports = { groupOfPids, isExcused, lacks, missingPackages }

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

// A group of its own for what is limited, in the one that this process is in.
function canMakeGroup() {
  const folder = path.join(groupOfPids(), `dht-rpc-probe-${process.pid}`)
  try {
    fs.mkdirSync(folder)
  } catch {
    return false
  }
  const has = fs.existsSync(path.join(folder, 'pids.max'))
  fs.rmdirSync(folder)
  return has
}

// Where this process's own group of the controller that counts processes is.
function groupOfPids() {
  const lines = fs.readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  const groups = lines.map((line) => line.split(':'))
  const own = groups.find(([, controllers]) => controllers === 'pids')
  if (own) return path.join('/sys/fs/cgroup/pids', own[2])
  return path.join(
    '/sys/fs/cgroup',
    groups.find(([, controllers]) => controllers === '')?.[2] ?? ''
  )
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
