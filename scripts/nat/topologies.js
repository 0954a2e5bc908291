'use strict'

// What stands between a host and the public network, as rules of nftables on the routers or the host.

const KEEP_PORTS = 'masquerade'
const RANDOM_PORTS = 'masquerade fully-random'

module.exports = [
  { name: 'public host', routers: [] },
  { name: 'public host, stateful firewall', routers: [], rules: stateful },
  { name: 'NAT that forwards all ports (full cone)', routers: [forwarding('')] },
  {
    name: 'NAT that forwards one port, the node asks for it',
    routers: [forwarding('udp dport PORT')],
    port: true
  },
  {
    name: 'NAT that forwards one port, the node has another',
    routers: [forwarding('udp dport PORT')]
  },
  { name: 'NAT that keeps ports, port-dependent filtering', routers: [nat(KEEP_PORTS)] },
  { name: 'NAT with random ports (symmetric)', routers: [nat(RANDOM_PORTS)] },
  { name: 'two NATs that keep ports', routers: [nat(KEEP_PORTS), nat(KEEP_PORTS)] },
  { name: 'two NATs, the outer one symmetric', routers: [nat(RANDOM_PORTS), nat(KEEP_PORTS)] }
]

function nat(source) {
  return () => `table ip nat {
    chain out { type nat hook postrouting priority 100; oifname "out" ${source}; }
  }`
}

function forwarding(match) {
  return ({ host, port }) => `table ip nat {
    chain in {
      type nat hook prerouting priority -100;
      iifname "out" meta l4proto udp ${match.replace('PORT', port)} dnat to ${host};
    }
    chain out { type nat hook postrouting priority 100; oifname "out" ${KEEP_PORTS}; }
  }`
}

function stateful() {
  return `table ip filter {
    chain in {
      type filter hook input priority 0; policy accept;
      iifname "out" ct state new drop;
    }
  }`
}
