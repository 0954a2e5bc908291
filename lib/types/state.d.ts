/// <reference types="node" />

import { EventEmitter } from 'events'
import { Address, Peer } from './messages'

/** A node of the table. Times are in ticks of 5 s. */
export interface Node {
  /** 32 bytes. */
  readonly id: Buffer
  readonly host: string
  readonly port: number
  /** This node as that one saw it when it was last sampled. */
  readonly to: Peer | null
  readonly sampled: number
  readonly added: number
  readonly pinged: number
  readonly seen: number
  readonly downHints: number
  /** Towards the oldest. */
  readonly prev: Node | null
  /** Towards the latest. */
  readonly next: Node | null
}

export interface RowEvents {
  add: [node: Node]
  remove: [node: Node]
  /** There was no place for that one. */
  full: [node: Peer]
}

/** A bucket of at most 20 nodes. */
export interface Row extends EventEmitter<RowEvents> {
  /** Yours. */
  data: unknown
  /** How many bits the ids share with the table's. */
  readonly index: number
  /** The byte that they differ in. */
  readonly byteOffset: number
  readonly table: Table
  /** By their ids. */
  readonly nodes: Node[]
  add(node: Address & { id?: Uint8Array | null }): boolean
  remove(id: Uint8Array): boolean
  get(id: Uint8Array): Node | null
  insert(i: number, node: Node): void
  splice(i: number): void
  compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1
}

export interface TableEvents {
  /** A row got its first node. */
  row: [row: Row]
}

/** The nodes of the list by their distance; another table once the node moved to its own id. */
export interface Table extends EventEmitter<TableEvents> {
  /** The centre, 32 bytes. */
  readonly id: Buffer
  /** 20. */
  readonly k: number
  readonly size: number
  /** 256 places, by how many bits ids share with the centre; holes where nobody was yet. */
  readonly rows: (Row | undefined)[]
  /** To the list as well. `false`: its row is full, or the id is not that of the address. */
  add(node: Address & { id?: Uint8Array | null }): boolean
  /** From the list as well. `false`: it is not there. */
  remove(id: Uint8Array): boolean
  has(id: Uint8Array): boolean
  get(id: Uint8Array): Node | null
  /** The nodes nearest to `id` (32 bytes), nearest first. */
  closest(id: Uint8Array, k?: number): Node[]
  random(): Node | null
  toArray(): Node[]
}

/** The nodes of the table in the order in which they were last heard from. */
export interface NodeList {
  readonly length: number
  readonly oldest: Node | null
  readonly latest: Node | null
  has(node: Node): boolean
  /** One that is here is the latest then; another one is added to the table as well. */
  add<T extends Address>(node: T): T
  /** From the table as well. */
  remove<T extends Address>(node: T): T
  toArray(opts?: { limit?: number; reverse?: boolean }): Node[]
}

export interface HealthStats {
  readonly online: boolean
  readonly degraded: boolean
  /** Less than four ticks are known. */
  readonly cold: boolean
  /** Less than four requests ended in the last tick. */
  readonly idle: boolean
  /** In the last tick. */
  readonly responses: number
  /** In the last tick. */
  readonly timeouts: number
  /** 0 to 1. */
  readonly timeoutsRate: number
}

export interface HealthSnapshot {
  responses: number
  timeouts: number
  offline?: boolean
  degraded?: boolean
}

export interface Health extends HealthStats {
  online: boolean
  degraded: boolean
  readonly oldest: HealthSnapshot | undefined
  readonly previous: HealthSnapshot | undefined
  readonly newest: HealthSnapshot | undefined
  readonly stats: HealthStats
  /** A ring of the last four ticks. */
  readonly _window: HealthSnapshot[]
  /** What each tick does: takes the counters, and judges. */
  update(): void
  /** Forgets the last ticks, and is online. */
  reset(): void
}

/** What other nodes say about the address: at most 16 samples. */
export interface Nat {
  /** null while they do not agree. */
  readonly host: string | null
  /** 0 while they do not agree on it. */
  readonly port: number
  readonly size: number
  /** Without `nat-update`. Returns how many of the samples are like it. */
  add(host: string, port: number): number
}

export interface CommandStats {
  /** Requests made. */
  tx: number
  /** Replies got. */
  rx: number
}

export interface RequestStats {
  active: number
  total: number
  responses: number
  timeouts: number
  retries: number
}

export interface Stats {
  queries: { active: number; total: number }
  requests: RequestStats
  commands: {
    ping: CommandStats
    pingNat: CommandStats
    findNode: CommandStats
    downHint: CommandStats
  }
  /** Not enumerable. */
  readonly protections: ProtectionStats
}

/** How often each protection stepped in, see docs/protections.md. */
export interface ProtectionStats {
  /** Requests dropped before decoding. */
  hostBudget: number
  /** Down hints that caused no check. */
  hintsPerHost: number
  /** Newcomers for whom no full bucket was pinged. */
  swapsPerHost: number
  /** Delayed pings refused. */
  delayedPingsPerHost: number
  /** Requests dropped instead of held for a filter. */
  heldPerHost: number
  /** Replies whose closer nodes a lookup did not take over to their end, for there were too many. */
  closerNodes: number
  /** Replies that no request waits for, dropped before decoding; late ones among them. */
  unaskedReplies: number
  /** Replies to internal commands from an address that was not asked. */
  wrongSource: number
  /** Requests that `filterRequest` refused. */
  filterRequest: number
  /** Nodes pinged before they are handed out. */
  verify: number
  /** Newcomers refused because of the entries of their host. */
  perHost: number
  /** Newcomers refused because of the entries of their /24. */
  perSubnet: number
  /** Lookups over several paths. */
  paths: number
  /** Replies cut short, or replaced by a token. */
  unprovenBytes: number
  /** Replies to user commands from an address that was not asked. */
  askedAddress: number
  /** Silent nodes that stayed in the table, for their answers may have been lost with others. */
  floodGrace: number
  /** Visits of nodes that a lookup had in reserve. */
  lookupReserve: number
  /** Requests of busy hosts dropped before decoding, for more came in than could be answered. */
  loadShedding: number
}

export interface RttSummary {
  /** ms */
  avgRtt: number
  errors: number
  avgCloserNodes: number
}

export interface RttStats {
  successes: number
  errors: number
  responses: RttSummary
  closestReplies: RttSummary
}

export interface Config {
  concurrency: number
  maxWindow: number
  randomPunchInterval: unknown
  connectionKeepAlive: unknown
  sendDownHints: boolean
  downHintsRateLimit: number
}
