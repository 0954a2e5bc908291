/// <reference types="node" />

import { EventEmitter } from 'events'
import { Address, Reply, Request, Session } from './messages'
import { ForeignSocket, NetworkInterface } from './network'
import { UDX, UDXSocket } from './udx'
import { CommandStats, ProtectionStats, RequestStats, Table } from './state'

export interface IO {
  readonly serverSocket: UDXSocket | null
  readonly clientSocket: UDXSocket | null
  /** `[from, to)`. */
  readonly portRange: [from: number, to: number]
  /** All that waits for its answer: the same array always, which changes with what it shows. */
  readonly inflight: readonly MadeRequest[]
  readonly congestion: CongestionWindow
  /** Another one after each {@link resume}. */
  readonly networkInterfaces: NetworkInterfaces
  readonly stats: {
    requests: RequestStats
    commands: CommandStats[]
    /** Not enumerable. */
    readonly protections: ProtectionStats
  }
  readonly udx: UDX
  readonly table: Table
  /** Counts requests modulo 65536. */
  _tid: number
  readonly firewalled: boolean
  readonly ephemeral: boolean
  /** The sockets are closed for a while. */
  readonly suspended: boolean
  /** Datagrams, requests and timers refused because a bound was reached. `dht-rpc` has no such count. */
  readonly dropped: number

  /**
   * Called for every request that comes, those that the engine answers among them. Whatever takes
   * its place observes: the engine has acted, and a user's command goes to its handler all the same.
   */
  onrequest: (req: Request, external: boolean) => unknown
  /** Called for every reply that somebody waits for. Whatever takes its place observes. */
  onresponse: (res: Reply, external: boolean) => unknown
  /** Called for every request that got no answer. Whatever takes its place observes. */
  ontimeout: (req: MadeRequest) => unknown

  bind(): Promise<void>
  /** Rejects what is in flight and closes the sockets; the node itself hears nothing of it. */
  suspend(): Promise<void>
  /** Binds the sockets again. */
  resume(): Promise<void>
  /** Rejects what is in flight and closes the sockets for good. */
  destroy(): Promise<void>
  onmessage(socket: ForeignSocket, buffer: Uint8Array, from: Address): void
  /**
   * Makes and counts a request, which leaves with its `send()`; null once the node is destroyed.
   *
   * @throws {TypeError | RangeError} with `code` {@link InputErrorCode}
   */
  createRequest(
    to: Address & { id?: Uint8Array | null },
    token: Uint8Array | null,
    internal: boolean,
    command: number,
    target: Uint8Array | null,
    value: Uint8Array | null,
    session?: Session | null,
    ttl?: number
  ): MadeRequest | null
  /**
   * The round-trip token of a host, 32 bytes: `1` the one that it is given now, `0` one that is only
   * accepted still.
   */
  token(addr: { host: string }, i: 0 | 1): Buffer
}

/** A request of this node's that waits for its answer, or is still to be sent. */
export interface MadeRequest {
  /** null before the sockets are bound. */
  socket: UDXSocket | ForeignSocket | null
  readonly tid: number
  readonly from: null
  to: Address & { id?: Uint8Array | null }
  token: Uint8Array | null
  command: number
  target: Uint8Array | null
  value: Uint8Array | null
  internal: boolean
  readonly session: Session | null
  ttl: number
  /** Tries so far. */
  readonly sent: number
  /** Sends after the first, 3 by default. */
  retries: number
  /** Of a try, in ms; 0 is what the node finds right. */
  timeout: number
  /** It failed, or was given up. */
  readonly destroyed: boolean
  /** A try was not answered in time. */
  oncycle: (req: MadeRequest) => unknown
  onresponse: (res: Reply, req: MadeRequest) => unknown
  onerror: (err: Error, req: MadeRequest) => unknown
  /** With `force` it does not wait for a place in the congestion window. */
  send(force?: boolean): void
  /** Calls `onerror` with `err`, by default REQUEST_DESTROYED. */
  destroy(err?: Error | null): void
}

/** How many requests may be on their way. The engine counts them; so may you. */
export interface CongestionWindow {
  /** Which of the four slots is current. */
  _i: number
  /** The sends of all slots. */
  _total: number
  /** The sends of each slot of 750 ms. */
  _window: number[]
  /** The most of a slot; twice that of all. */
  _maxWindow: number
  isFull(): boolean
  send(): void
  recv(): void
  drain(): void
  clear(): void
}

export interface NetworkInterfacesEvents {
  change: [interfaces: NetworkInterface[]]
  close: []
}

/** The addresses of the machine, kept up to date. */
export interface NetworkInterfaces
  extends EventEmitter<NetworkInterfacesEvents>, Iterable<NetworkInterface> {
  /** A new array at each change. */
  readonly interfaces: NetworkInterface[]
  watch(): this
  unwatch(): this
  /** The node tells of no more changes before it is resumed. */
  destroy(): Promise<unknown[]>
  [Symbol.iterator](): IterableIterator<NetworkInterface>
}
