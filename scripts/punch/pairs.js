'use strict'

// Who punches to whom: what stands between each side and the public network. hyperdht does not try two random NATs.

const FIREWALL = `table ip filter {
  chain in { type filter hook input priority 0; iifname "out" ct state new drop; }
}`
const KEEP_PORTS = 'masquerade'
const RANDOM_PORTS = 'masquerade fully-random'

const firewalled = { name: 'stateful firewall', routers: [], rules: () => FIREWALL }
const consistent = { name: 'NAT that keeps ports', routers: [nat(KEEP_PORTS)] }
const twice = { name: 'two NATs', routers: [nat(KEEP_PORTS), nat(KEEP_PORTS)] }
const random = { name: 'NAT with random ports', routers: [nat(RANDOM_PORTS)] }

module.exports = [
  [firewalled, consistent],
  [consistent, consistent],
  [twice, consistent],
  [firewalled, random],
  [consistent, random],
  [random, consistent]
]

// What nobody inside asked for is dropped before the NAT takes note of it, as routers do.
function nat(source) {
  return () => `
  table ip nat {
    chain out { type nat hook postrouting priority 100; oifname "out" ${source}; }
  }
  table ip filter {
    chain in { type filter hook input priority 0; iifname "out" drop; }
    chain through {
      type filter hook forward priority 0;
      iifname "out" ct state new drop;
    }
  }`
}
