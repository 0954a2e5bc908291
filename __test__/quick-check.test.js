'use strict'

// An adaptive node that joins a few others on its host: its first lookup is over before it hears whether
// its server socket is reached.

const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { createNode, createNetwork } = require('./helpers/network')

const JOINS = 40
const MOST = 2 // that may see it otherwise

for (const { name, DHT } of packages) {
  for (const peers of [1, 2, 3, 5, 8]) {
    for (const filterNode of [undefined, () => true]) {
      const title = `${name}: who joins ${peers}${filterNode ? ', with a filter,' : ''} stays firewalled`
      test(title, async (t) => {
        const { bootstrap } = await createNetwork(t, Array(peers).fill(DHT), { filterNode })
        let open = 0
        for (let i = 0; i < JOINS; i++) {
          const node = createNode(t, DHT, { bootstrap, filterNode })
          await node.fullyBootstrapped()
          open += node.firewalled ? 0 : 1
          await node.destroy()
        }
        assert.ok(open <= MOST, `${open} of ${JOINS} did not`)
      })
    }
  }
}
