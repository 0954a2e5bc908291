'use strict'

const PUBLIC_NET = '203.0.113'
const HOST_PORT = 40_000 // the port of the members, and the one that routers forward

// Hosts of the public network, by the last number of their address; strangers are known to nobody.
const MEMBERS = [1, 2, 3, 4, 5, 6, 7, 8]
const STRANGERS = [20, 21]

module.exports = { PUBLIC_NET, HOST_PORT, MEMBERS, STRANGERS }
