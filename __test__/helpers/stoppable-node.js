const { IMPATIENT, createBootstrapper, serverAddress } = require('./network')

// A process with one node: it sends its address, and what it knows when it is asked.
const [entry, protections] = process.argv.slice(2)
const forever = { after() {} }

process.on('disconnect', () => process.exit())
main()

async function main() {
  const opts = { protections: JSON.parse(protections), ...IMPATIENT }
  const node = await createBootstrapper(forever, require(entry), opts)
  process.on('message', () => {
    const { floodGrace, loadShedding } = node.stats.protections
    process.send({ known: node.nodes.length, spared: floodGrace, shed: loadShedding })
  })
  process.send(serverAddress(node))
}
