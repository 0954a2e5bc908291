import { Address, Peer } from './messages'

export interface Options {
  /**
   * Entry points: `host:port`, `ip@host:port` (the name is looked up if the IP does not answer),
   * a port of this machine, or an object that is read at each use. `false` is none.
   */
  bootstrap?: (string | number | BootstrapAddress)[] | false | null
  /** Nodes for the table. */
  nodes?: Address[]
  /** The server port: that one or one of the four after it, or any of `[from, to)`. 0 is any. */
  port?: number | [from: number, to: number]
  /** The IPv4 address to bind to, 0.0.0.0 by default. */
  host?: string
  /** `false`: fail if the first port is taken. */
  anyPort?: boolean
  /** `false` joins the tables of others at once; the default is when stable for 20 minutes. */
  ephemeral?: boolean
  /** `false` stays ephemeral for ever. */
  adaptive?: boolean
  /** `false` if it is known that there is none. */
  firewalled?: boolean
  /** `false` does not probe the firewall with the first reply of the bootstrap. */
  quickFirewall?: boolean
  /** Requests in flight of one query, 10 by default. */
  concurrency?: number
  /** Sends of 750 ms, 80 by default. */
  maxWindow?: number
  /** The longest delay of a delayed ping, in ms; 10 000 by default. */
  maxPingDelay?: number
  /** `false` never tells nodes that one they named is down. */
  sendDownHints?: boolean
  /** Down hints in a tick of 5 s, 50 by default; -1 is unlimited. */
  downHintsRateLimit?: number
  /** Time-outs by destination instead of 1000 ms. */
  adaptiveTimeout?: AdaptiveTimeoutOptions | boolean
  /**
   * Whether a node may enter the table and lookups. No answer waits for what it says. That is kept for
   * 60 s, and asked for again once a second while the node is in use.
   */
  filterNode?: (node: Peer) => unknown
  /** `false`: `filterNode` is asked about each datagram and each candidate. */
  keepVerdicts?: boolean
  /** @deprecated use `filterNode` */
  addNode?: (node: Peer) => unknown
  /**
   * Whether a request is read at all: asked before anything is done with it, for internal commands
   * too. What is falsy drops it in silence.
   */
  filterRequest?: (from: Address) => unknown
  /**
   * What holds against hostile peers without changing a node's traffic. Each can be tuned, or
   * turned off with `false`; `false` for all of them turns all off. See docs/protections.md.
   */
  protections?: ProtectionOptions | boolean
  /** What changes the traffic of a node as well: none of it by default, `true` is all of it. */
  hardened?: HardenedOptions | boolean
  /**
   * A UDX instance, kept as `node.udx`. If it is of this package, the node's sockets are of it, and the
   * engine's. Of udx-native they are made by its `createSocket`, and what they carry goes through
   * JavaScript.
   */
  udx?: any
  /** Threads that nodes are spread over; 0, the default, is one for each processor. */
  shards?: number
}

/** Numbers are integers from 1 to 2^31 - 1; `false` is none. */
export interface ProtectionOptions {
  /**
   * Requests of one host a second that are read while other hosts are heard too, 10 000 by
   * default; what is over is dropped before it is decoded.
   */
  hostBudget?: number | false
  /**
   * Whether requests of the busiest hosts are dropped, before they are decoded, while more comes in
   * than can be answered: the operating system's room for what waits to be read runs out, and it
   * would drop answers as well. Linux only: elsewhere the system does not tell.
   */
  loadShedding?: boolean
  /** Checks that the down hints of one host may cause in a tick of 5 s, 64 by default. */
  hintsPerHost?: number | false
  /** Pings of full buckets that nodes of one host may cause in a tick of 5 s, 64 by default. */
  swapsPerHost?: number | false
  /**
   * Delayed pings of one host that wait, 1024 by default; never more than what is free of the
   * node's 4096.
   */
  delayedPingsPerHost?: number | false
  /**
   * Requests of one host that wait for a filter, 2048 by default; never more than what is free of
   * the node's 4096.
   */
  heldPerHost?: number | false
  /**
   * Closer nodes of one reply that a lookup reads, 100 by default. Unless it is `false`, a lookup
   * takes over 2048 of them in all.
   */
  closerNodes?: number | false
  /**
   * Whether who does not answer stays in the table while the operating system drops more than one
   * in 16 of the datagrams that come in, and for 6 s after. Linux only: elsewhere the system does
   * not tell.
   */
  floodGrace?: boolean
}

/** Numbers are integers, `false` is none. */
export interface HardenedOptions {
  /** A node known only from its own requests is not handed out before it answered a ping. */
  verify?: boolean
  /** Entries of the table of one host, 4 by default; 1 to 2^31 - 1. */
  perHost?: number | false
  /** Entries of the table of one /24, 16 by default; 1 to 2^31 - 1. */
  perSubnet?: number | false
  /** Disjoint paths of a lookup, 3 by default; 1 to 16. */
  paths?: number | false
  /**
   * Bytes that a host without a token is sent in 10 s beyond `unprovenFactor` times what it sent,
   * 4096 by default; 0 to 2^32 - 1. What is over loses its closer nodes, then its token, and a value
   * gives way to INVALID_TOKEN and a token.
   */
  unprovenBytes?: number | false
  /** 2 by default; 0 to 1024. */
  unprovenFactor?: number | false
  /** Whether replies must come from the address that was asked, those to user commands too. */
  askedAddress?: boolean
  /** Whether a lookup that begins with nodes that never answered has as many in reserve that did. */
  lookupReserve?: boolean
}

export interface AdaptiveTimeoutOptions {
  /** Destinations remembered, 65 536 by default. */
  maxSize?: number
  /** How long, in ms; 10 minutes by default. */
  maxAge?: number
  /** Time-outs of an unknown destination by try, in ms. */
  fallback?: number[]
  /** ms, 300 by default. */
  min?: number
  /** ms, 4000 by default. */
  max?: number
  /** ms, 256 by default. */
  jitter?: number
}

/** An entry point. Its host may be a name, `ip@name`, or null while it is not known. */
export interface BootstrapAddress {
  host: string | null
  port: number
}
