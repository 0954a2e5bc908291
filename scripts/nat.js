'use strict'

// npm run nat: nodes of both packages, side by side, behind real NATs of the kernel's: who becomes persistent, who is
// firewalled, what they say of their address, and whether strangers reach them. Needs Linux, iproute2, nftables, and
// root or the right to make user namespaces; says so otherwise, and ends well.
//   node scripts/nat.js [--only NAME …] [--write]
//   --only: the topology of that name, or all whose names contain it; may be repeated
//   --write: puts the table into docs/reliability.md; of all topologies only

const path = require('path')
const { parseArgs } = require('util')
const { machine } = require('./machine')
const { table } = require('./markdown')
const { writeMarked } = require('./marked')
const { runInside, refuse } = require('./nat/inside')
const World = require('./nat/world')
const Lines = require('./nat/lines')
const { HOST_PORT } = require('./nat/addresses')
const topologies = require('./nat/topologies')

const PACKAGES = { reference: 'dht-rpc-reference', 'this engine': path.join(__dirname, '..') }
const AT_ONCE = 6

const HEAD = ['between the host and the network', 'package', 'persistent', 'firewalled']
HEAD.push('`host`', '`port`', '`randomized`', 'strangers reach it')

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false }
  }
})
const unknown = (options.only || []).find((name) => named(name).length === 0)
const wanted = options.only ? options.only.flatMap(named) : topologies

if (options.only && options.write) refuse('--write is for a run of all topologies')
else if (unknown !== undefined) {
  const names = topologies.map(({ name }) => `\n  ${name}`).join('')
  refuse(`--only must be among the names below, or part of one, got ${unknown}${names}`)
} else if (options.inside) measure()
else runInside(__filename)

function named(part) {
  const exact = topologies.filter(({ name }) => name === part)
  return exact.length > 0 ? exact : topologies.filter(({ name }) => name.includes(part))
}

async function measure() {
  const world = new World()
  const members = new Lines(world.spawn('core', [script('members'), ...Object.values(PACKAGES)]))
  if ((await members.next()) !== 'ready') throw new Error('The public network did not come up')

  const cases = wanted.flatMap((topology) =>
    Object.entries(PACKAGES).map(([name, file]) => ({ topology, name, file }))
  )
  let next = 0
  const work = async () => {
    while (next < cases.length) await join(world, cases[next++])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  for (const each of cases) each.cells = cells(each, await reachable(members, each))

  const failures = wrong(cases)
  const text = `${machine()}. ${failures.join(' ') || 'Both say the same everywhere.'}`
  const document = `${text}\n\n${table(HEAD, cases.map(row))}`
  console.log(document)
  if (options.write) writeMarked('docs/reliability.md', 'real-hosts', document)
  process.exit(failures.length === 0 ? 0 : 1)
}

// The node goes on until this process ends: nobody's table holds a dead one.
async function join(world, each) {
  const { topology, file } = each
  const host = world.host(topology)
  const args = topology.port ? [file, String(HOST_PORT)] : [file]
  const node = new Lines(world.spawn(host.name, [script('joining'), ...args]))
  each.seen = host.seen
  each.state = JSON.parse(await node.next()).settled
}

// Whether a host that the node never spoke with reaches it at the address that others see.
async function reachable(members, { seen, state }) {
  members.say(`${seen} ${state.port || state.bound}`)
  return JSON.parse(await members.next())
}

function cells({ seen, state }, reached) {
  const { host, port, randomized, firewalled, ephemeral, bound, client } = state
  const ports = { [bound]: 'its own', [client]: "its client socket's", 0: '0' }
  const address = host === seen ? 'the public one' : String(host)
  const words = [!ephemeral, firewalled, address, ports[port] || 'another', randomized, reached]
  return words.map((word) => (typeof word === 'boolean' ? (word ? 'yes' : 'no') : word))
}

function row({ topology, name, cells }) {
  return [topology.name, name, ...cells]
}

// What differs between the packages, and who calls itself persistent and is not reached.
function wrong(cases) {
  const failures = []
  for (let i = 0; i < cases.length; i += 2) {
    const [one, two] = [cases[i], cases[i + 1]].map(({ cells }) => cells.join())
    if (one !== two) failures.push(`They differ: ${cases[i].topology.name}.`)
  }
  for (const { topology, name, cells } of cases) {
    const [persistent, reached] = [cells.at(0), cells.at(-1)]
    if (persistent !== reached) failures.push(`${name} is wrong: ${topology.name}.`)
  }
  return failures
}

function script(name) {
  return path.join(__dirname, 'nat', `${name}.js`)
}
