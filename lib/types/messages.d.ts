/// <reference types="node" />

import { CancellationOptions } from './cancellation'
import { MadeRequest } from './io'
import { ForeignSocket } from './network'
import { UDXSocket } from './udx'
import { Query, QueryOptions } from './query'

export interface Address {
  /** An IPv4 address. */
  host: string
  /** 1 to 65535. */
  port: number
}

export interface BoundAddress extends Address {
  family: 4
}

export interface Peer extends Address {
  /** 32 bytes; null if the peer is ephemeral or its id was not verified. */
  id: Buffer | null
}

export interface Message {
  /** An unsigned integer of at most 2^53-1. */
  command: number
  /** 32 bytes. */
  target?: Uint8Array | null
  /** A round-trip token of the receiver, 32 bytes. */
  token?: Uint8Array | null
  /** At most 2034 bytes, less what else is sent. */
  value?: Uint8Array | null
}

export interface QueryMessage {
  /** An unsigned integer of at most 2^53-1. */
  command: number
  /** 32 bytes. */
  target: Uint8Array
  /** At most 2002 bytes. */
  value?: Uint8Array | null
}

export interface RequestOptions extends CancellationOptions {
  /** `false` sends it once. */
  retry?: boolean
  /** The socket to send on. */
  socket?: UDXSocket | ForeignSocket | null
  session?: Session | null
  /** Time to live of the packet; 0 is the system's default. */
  ttl?: number
}

export interface PingOptions extends RequestOptions {
  /** Sends that many zero bytes, at most 2034; 2002 if the node's id goes along. */
  size?: number
}

export interface Reply {
  tid: number
  /** Since the request was made, in ms. */
  rtt: number
  from: Peer
  /** This node, as the other one sees it. */
  to: Peer
  /** 32 bytes, to send with a request that changes something. */
  token: Buffer | null
  closerNodes: Peer[] | null
  /** 0 is none. */
  error: number
  value: Buffer | null
}

/** A user's command from another node. It can be answered later and more than once. */
export interface Request {
  readonly socket: any
  readonly tid: number
  readonly from: Peer
  /** This node, as the other one sees it. */
  readonly to: Peer
  /** 32 bytes, present only if it is valid. */
  readonly token: Buffer | null
  readonly command: number
  /** 32 bytes. */
  readonly target: Buffer | null
  readonly value: Buffer | null
  readonly internal: boolean
  ttl: number
  /** It is not to be answered any more. */
  readonly destroyed: boolean
  /** @throws {TypeError | RangeError} if the value is not bytes or does not fit a datagram */
  reply(value?: Uint8Array | null, opts?: ReplyOptions): void
  /**
   * Numbers from 16 on are yours.
   *
   * @throws {TypeError | RangeError} with `code` ERR_INVALID_ERROR if it is no unsigned integer
   */
  error(code: number, opts?: ReplyOptions): void
  /** Hands the request on to a third node, which can answer the first one. */
  relay(
    value: Uint8Array | null | undefined,
    to: Address,
    opts?: { socket?: UDXSocket | ForeignSocket }
  ): void
  /** Replies and errors send nothing from now on. */
  destroy(err?: Error | null): void
  sendReply(error: number, value: Uint8Array | null, token: boolean, hasCloserNodes: boolean): void
}

export interface ReplyOptions {
  /** Send a round-trip token: by default yes with a reply, no with an error. */
  token?: boolean
  /** Send the nodes nearest to the target, by default yes. */
  closerNodes?: boolean
  /** Answer to somebody else. */
  to?: Address
  socket?: UDXSocket | ForeignSocket
}

/** Requests and queries that can be dropped together. It stays usable afterwards. */
export interface Session {
  readonly dht: any
  /** What waits for its answer: the same array always, which changes with what it shows. */
  readonly inflight: readonly MadeRequest[]
  query<Row>(
    message: QueryMessage,
    opts: QueryOptions<Row> & { map: (reply: Reply) => Row }
  ): Query<NonNullable<Row>>
  query(message: QueryMessage, opts?: QueryOptions): Query
  request(message: Message, to: Address, opts?: RequestOptions): Promise<Reply>
  ping(to: Address, opts?: PingOptions): Promise<Reply>
  /** Rejects them all with `err`, by default REQUEST_DESTROYED. */
  destroy(err?: Error | null): void
  /** {@link destroy}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
