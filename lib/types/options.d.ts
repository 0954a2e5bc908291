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
  /** Whether a node may enter the table and lookups. */
  filterNode?: (node: Peer) => unknown
  /** @deprecated use `filterNode` */
  addNode?: (node: Peer) => unknown
  /**
   * A UDX instance of udx-native, kept as `node.udx`. Both sockets are made by its `createSocket`,
   * and what they carry goes through JavaScript; without it they are the engine's own.
   */
  udx?: any
  /** Threads that nodes are spread over; 0, the default, is one for each processor. */
  shards?: number
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
