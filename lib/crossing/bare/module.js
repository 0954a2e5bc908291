'use strict'

// What the package uses of Node's module of that name, on Bare: to load the binary, from where Bare's conventions and
// its bundlers have it.

module.exports = { createRequire: () => load }

function load() {
  try {
    return require.addon('../../..', __filename)
  } catch (cause) {
    const text = `No native binding of dht-rpc for ${Bare.Addon.host}: ${cause.message}`
    throw Object.assign(new Error(text, { cause }), { code: 'ERR_NATIVE_BINDING' })
  }
}
