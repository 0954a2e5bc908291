'use strict'

// Networks of the kernel's, one inside of the other: a public one, and hosts that reach it directly
// or through routers. Everything is in namespaces that vanish with the process that made them.

const { execFileSync, spawn } = require('child_process')
const { PUBLIC_NET, HOST_PORT, MEMBERS, STRANGERS } = require('./addresses')

module.exports = class World {
  constructor() {
    this._count = 0
    this._namespace('core')
    ip('-n core link add bridge type bridge')
    ip('-n core link set bridge up')
    for (const last of [...MEMBERS, ...STRANGERS]) {
      ip(`-n core addr add ${PUBLIC_NET}.${last}/24 dev bridge`)
    }
  }

  // A host that reaches the public network through the given routers, the outermost first; each is
  // the rules of its firewall, or none: then the host is public itself, with those rules on it.
  // Returns its name, and the address that the public network sees.
  host({ routers, rules }) {
    const number = ++this._count
    let inside = { namespace: 'core', prefix: PUBLIC_NET, host: 100 + number, bridge: true }
    routers.forEach((rules, i) => {
      const router = `r${number}-${i}`
      this._namespace(router)
      const outside = this._connect(router, inside, 'out')
      sysctl(router, 'net.ipv4.ip_forward=1')
      inside = { namespace: router, prefix: `10.${number}.${i}`, host: 2, bridge: false }
      filter(router, rules({ outside, host: `${inside.prefix}.2`, port: HOST_PORT }))
    })
    const name = `h${number}`
    this._namespace(name)
    const address = this._connect(name, inside, 'out')
    if (rules) filter(name, rules({ outside: address, host: address, port: HOST_PORT }))
    return { name, seen: `${PUBLIC_NET}.${100 + number}` }
  }

  // A process there; its standard output is read line by line.
  spawn(name, args) {
    const program = [process.execPath, ...args]
    return spawn('nsenter', [`--net=/run/netns/${name}`, ...program], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
  }

  _namespace(name) {
    ip(`netns add ${name}`)
    ip(`-n ${name} link set lo up`)
  }

  // Connects a namespace with the network behind another one, and returns its address there.
  _connect(name, { namespace, prefix, host, bridge }, device) {
    const peer = `p-${name}`
    ip(`-n ${namespace} link add ${peer} type veth peer name ${device} netns ${name}`)
    if (bridge) ip(`-n ${namespace} link set ${peer} master bridge`)
    else ip(`-n ${namespace} addr add ${prefix}.1/24 dev ${peer}`)
    ip(`-n ${namespace} link set ${peer} up`)
    const address = `${prefix}.${host}`
    ip(`-n ${name} addr add ${address}/24 dev ${device}`)
    ip(`-n ${name} link set ${device} up`)
    if (!bridge) ip(`-n ${name} route add default via ${prefix}.1`)
    return address
  }
}

function ip(args) {
  execFileSync('ip', args.split(' '))
}

function sysctl(name, setting) {
  execFileSync('nsenter', [`--net=/run/netns/${name}`, 'sysctl', '-q', '-w', setting])
}

function filter(name, rules) {
  execFileSync('nsenter', [`--net=/run/netns/${name}`, 'nft', '-f', '-'], { input: rules })
}
