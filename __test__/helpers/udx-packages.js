const { createRequire } = require('node:module')
const { packages } = require('./packages')

// The UDX of each package under test, with sockets that are closed at the end of the test.
module.exports = packages.map(({ name, DHT, path }) => {
  const file = name === 'native' ? require.resolve('../../udx') : of(path, 'udx-native')
  return { name, DHT, UDX: require(file), file, create, bound }

  function create(t, udx, opts) {
    const socket = udx.createSocket(opts)
    t.after(() => socket.close())
    return socket
  }

  function bound(t, udx, opts) {
    const socket = create(t, udx, opts)
    socket.bind(0, '127.0.0.1')
    return socket
  }
})

function of(path, name) {
  return createRequire(path).resolve(name)
}
