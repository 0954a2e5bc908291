// The two packages under test. TEST_PACKAGES=native or TEST_PACKAGES=reference narrows a run to one of them.
const wanted = (process.env.TEST_PACKAGES || 'native,reference').split(',')
// TEST_REFERENCE is the path of another version of the reference than the one that is installed.
const reference = process.env.TEST_REFERENCE || 'dht-rpc-reference'

const packages = []
if (wanted.includes('native')) packages.push(load('native', '../..'))
if (wanted.includes('reference')) packages.push(load('reference', reference))

// Every server with every client; reference with reference is the control that the test itself is right.
const pairings = packages.flatMap((server) =>
  packages.map((client) => ({
    name: `${client.name} to ${server.name}`,
    Server: server.DHT,
    Client: client.DHT,
    server: server.name,
    client: client.name
  }))
)

module.exports = {
  packages,
  pairings,
  // What differs from the reference on purpose is tested on these alone.
  natives: packages.filter(({ name }) => name === 'native'),
  references: packages.filter(({ name }) => name === 'reference')
}

function load(name, path) {
  return { name, DHT: require(path), path: require.resolve(path) }
}
