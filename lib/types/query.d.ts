/// <reference types="node" />

import { EventEmitter } from 'events'
import { CancellationOptions } from './cancellation'
import { Address, Peer, Reply, Session } from './messages'

/**
 * A query that is given up keeps its rows so far and its `closestReplies`: who iterates over it gets
 * the rows that had come in, and then the error.
 */
export interface QueryOptions<Row = Reply> extends CancellationOptions {
  /** What to emit for a reply; nothing if it is falsy. */
  map?: (reply: Reply) => Row
  /**
   * `true` sends the command again to each of the 20 closest, with its token. A function is
   * called for each of them instead.
   */
  commit?: boolean | ((reply: Reply, dht: any, query: Query<any>) => unknown)
  /** Start with these. */
  nodes?: Iterable<Address & { id?: Uint8Array | null }>
  /** Start with these: an alias of `nodes`. */
  closestNodes?: Iterable<Address & { id?: Uint8Array | null }>
  /** Start with the senders of these. */
  replies?: Iterable<{ from: Address & { id?: Uint8Array | null } }>
  /** Start with the senders of these: an alias of `replies`. */
  closestReplies?: Iterable<{ from: Address & { id?: Uint8Array | null } }>
  /** Never ask others than those. */
  onlyClosestNodes?: boolean
  /** Requests in flight. */
  concurrency?: number
  /** Sends of each request after the first, 5 by default. */
  retries?: number
  /** Do not wait for the congestion window, and send each request once. */
  force?: boolean
  /**
   * Wait for slow nodes, and ask each that does not answer a second time, with all its tries: a
   * lookup that finds nearly everybody where a third of all datagrams is lost, and takes up to
   * 12 s longer where a node is gone. Where fewer than 20 answer, further nodes of the table are
   * asked, so that a lookup gets past many that went at once. A commit is repeated likewise, also with a new token where
   * the old one ran out. `false` by default: a lookup ends when only slow nodes are left.
   */
  thorough?: boolean
  session?: Session | null
}

export interface QueryEvents<Row> {
  data: [row: Row]
  readable: []
  end: []
  close: []
  error: [err: Error]
  open: []
  piping: [dest: any]
}

/** A lookup: a streamx Readable of 16 rows, and an async iterable. */
export interface Query<Row = Reply> extends EventEmitter<QueryEvents<Row>>, AsyncIterable<Row> {
  readonly dht: any
  /** 20. */
  readonly k: number
  /** 32 bytes. */
  target: Uint8Array
  internal: boolean
  command: number
  value: Uint8Array | null
  force: boolean
  retries: number
  map: (reply: Reply) => unknown
  concurrency: number
  /** Replies without error. */
  readonly successes: number
  /** Replies with an error, and requests that failed. */
  readonly errors: number
  readonly inflight: number
  /** Nearest first, at most 20. Changes until the query is over. */
  readonly closestReplies: Reply[]
  /** The senders of `closestReplies`, a new array at each look. */
  readonly closestNodes: Peer[]

  /**
   * Resolves when the query is over, also if it is already.
   *
   * Rejects with {@link QueryErrorCode}, or with the last error if every commit failed.
   */
  finished(): Promise<void>

  readonly readable: boolean
  readonly writable: boolean
  readonly destroyed: boolean
  readonly destroying: boolean
  read(): Row | null
  push(row: Row | null): boolean
  unshift(row: Row): void
  pipe<Destination>(dest: Destination, cb?: (err: Error | null) => void): Destination
  pause(): this
  resume(): this
  setEncoding(encoding: BufferEncoding): this
  /** Drops what is in flight, unless it rides on a session of the user's. */
  destroy(err?: Error | null): void
  /** Destroys it and resolves when it is closed: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  [Symbol.asyncIterator](): AsyncIterator<Row>
}
