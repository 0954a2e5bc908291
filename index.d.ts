/// <reference types="node" />

import { EventEmitter } from 'events'
import * as cancellation from './lib/types/cancellation'
import * as events from './lib/types/events'
import * as io from './lib/types/io'
import * as messages from './lib/types/messages'
import * as network from './lib/types/network'
import * as options from './lib/types/options'
import * as query from './lib/types/query'
import * as state from './lib/types/state'
import * as sockets from './lib/types/udx'

/**
 * A node of a Kademlia network that carries your own commands. Everything is usable as soon as it
 * is constructed; binding and bootstrapping start in the next microtask. A live node keeps the
 * process alive.
 */
declare class DHT extends EventEmitter<DHT.Events> {
  /**
   * @throws {TypeError | RangeError} with `code` {@link DHT.InputErrorCode}: names the option, what
   * was given and what is allowed
   */
  constructor(opts?: DHT.Options)

  /**
   * Makes the first node of a network, which cannot learn its public address from others. A
   * subclass makes an instance of itself.
   *
   * @param port its public port, which it also binds
   * @param host its public IPv4 address; `opts.host` is the one to bind to
   * @throws {Error} `Port is required`, `Host is required`, `Invalid host`,
   * `Host must be a IPv4 address`
   */
  static bootstrapper<T extends typeof DHT>(
    this: T,
    port: number,
    host: string,
    opts?: DHT.Options
  ): InstanceType<T>

  static readonly DEFAULTS: { concurrency: number; maxWindow: number; maxPingDelay: number }
  /** 0, no error. */
  static readonly OK: number
  /** 1, nobody took the command. */
  static readonly ERROR_UNKNOWN_COMMAND: number
  /** 2, the round-trip token was made for another host or is too old. */
  static readonly ERROR_INVALID_TOKEN: number

  /** The routing id, 32 bytes; null while ephemeral. */
  readonly id: Buffer | null
  /** The public IPv4 address as other nodes see it; null while they do not agree. */
  readonly host: string | null
  /** The public port; 0 while other nodes do not agree. */
  readonly port: number
  /** Other nodes agree on the host but not on the port. */
  readonly randomized: boolean
  /** Not in the tables of others. Set to false before `persistent` is emitted. */
  readonly ephemeral: boolean
  readonly firewalled: boolean
  /** Goes persistent by itself once it was stable for 20 minutes. */
  readonly adaptive: boolean
  readonly bootstrapped: boolean
  readonly destroyed: boolean
  readonly suspended: boolean
  /** False after two ticks (10 s) in which nobody answered. */
  readonly online: boolean
  /** Most requests of the last four ticks (20 s) timed out. */
  readonly degraded: boolean

  /** Requests in flight of one query, unless it says otherwise. */
  concurrency: number
  /** The longest delay that {@link delayedPing} takes, in ms. */
  maxPingDelay: number
  /** Read anew for each query that needs them. */
  bootstrapNodes: DHT.BootstrapAddress[]

  /** Live counters; the objects stay the same ones. */
  stats: DHT.Stats
  readonly table: DHT.Table
  readonly nodes: DHT.NodeList
  readonly health: DHT.Health
  readonly io: DHT.IO
  /** That of `opts.udx`, or the node's own. */
  readonly udx: DHT.UDX
  /** The socket in use: the client socket while firewalled. null before {@link bind}. */
  readonly socket: DHT.Socket | null
  readonly config: DHT.Config

  /**
   * Binds both sockets, before the promise is returned: `address()` is there at once. Resolves when the
   * node reads and sends as well, once the code of the turn in which it was made is done.
   *
   * Rejects with the system's code (`EADDRINUSE` with `anyPort: false`), and so does then whatever
   * else needs the sockets; {@link destroy} does not.
   */
  bind(): Promise<void>
  /**
   * Resolves when the bootstrap is done; rejects if binding failed or the node was destroyed. Who
   * gives up waiting does not stop the bootstrap.
   */
  fullyBootstrapped(opts?: DHT.CancellationOptions): Promise<void>
  /** @deprecated use {@link fullyBootstrapped} */
  ready(opts?: DHT.CancellationOptions): Promise<void>
  /** Rejects what is in flight with REQUEST_DESTROYED, closes the sockets, emits `close` and nothing else. */
  destroy(): Promise<void>
  /** {@link destroy}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /**
   * Rejects what is in flight with IO_SUSPENDED and closes the sockets; the process can exit.
   *
   * Rejects as {@link bind} does if that failed.
   */
  suspend(opts?: { log?: (message: string) => void }): Promise<void>
  /**
   * Binds the same ports again if they are free, and refreshes.
   *
   * Rejects with the system's code if it must be that port and it was taken meanwhile: the node is
   * suspended again, and may be resumed later.
   */
  resume(opts?: { log?: (message: string) => void }): Promise<void>

  /** The bound address of the socket in use; null before {@link bind}, kept after destroy. */
  address(): DHT.BoundAddress | null
  /** An address of this machine with the server port; null before {@link bind}. */
  localAddress(): DHT.Address | null
  /** The public address; null unless it is reachable. */
  remoteAddress(): DHT.Address | null

  /** The nodes of the table, newest first. */
  toArray(opts?: { limit?: number }): DHT.Address[]
  /** Puts a node into the table, unless nobody can be reached at that address. */
  addNode(node: DHT.Address): void
  /** Looks a random node up in the background. */
  refresh(): void
  session(): DHT.Session

  /**
   * Asks one node. Sent up to 4 times, one second apart.
   *
   * Rejects with {@link DHT.RequestErrorCode} or {@link DHT.InputErrorCode}.
   */
  request(message: DHT.Message, to: DHT.Address, opts?: DHT.RequestOptions): Promise<DHT.Reply>
  /** Asks a node whether it is there. Rejects as {@link request} does. */
  ping(to: DHT.Address, opts?: DHT.PingOptions): Promise<DHT.Reply>
  /**
   * Asks a node to answer after `delayMs`, an integer of at most `maxPingDelay`. Rejects as
   * {@link request} does.
   *
   * @throws {Error} `Delay exceeds max delay: 10000ms`
   */
  delayedPing(to: DHT.Address, delayMs: number, opts?: DHT.PingOptions): Promise<DHT.Reply>
  /**
   * Asks the nodes on the way to `target` (32 bytes), and those nearest to it. Nothing is sent
   * until the stream is read.
   *
   * @throws {Error} `Node destroyed`
   * @throws {TypeError | RangeError} with `code` {@link DHT.InputErrorCode}
   */
  query<Row>(
    message: DHT.QueryMessage,
    opts: DHT.QueryOptions<Row> & { map: (reply: DHT.Reply) => Row }
  ): DHT.Query<NonNullable<Row>>
  query(message: DHT.QueryMessage, opts?: DHT.QueryOptions): DHT.Query
  /** Looks for the nodes nearest to `target` (32 bytes). Throws as {@link query} does. */
  findNode<Row>(
    target: Uint8Array,
    opts: DHT.QueryOptions<Row> & { map: (reply: DHT.Reply) => Row }
  ): DHT.Query<NonNullable<Row>>
  findNode(target: Uint8Array, opts?: DHT.QueryOptions): DHT.Query

  /** How long nodes take to answer, by a lookup of the latest one. Times in ms. */
  rttStats(): Promise<DHT.RttStats>

  /**
   * Takes a user's command; emits `request` unless it is overridden. Exactly `false` answers
   * ERROR_UNKNOWN_COMMAND.
   */
  onrequest(req: DHT.Request): unknown
  /** Hands in a datagram from a socket of your own. */
  onmessage(socket: DHT.ForeignSocket, buffer: Uint8Array, from: DHT.Address): void

  /** What other nodes say about the address. */
  readonly _nat: DHT.Nat
  /** Ticks of 5 s so far, from a random start. */
  _tick: number
  /** Ticks until the table is refreshed. */
  _refreshTicks: number
  /** What each tick does. */
  _ontick(): void
  /** As if the machine had slept. */
  _onwakeup(): void
  /** One more sample of the address. */
  _natAdd(host: string, port: number): void
  /** Takes a node out of the table and the list, and emits `remove-node`. */
  _removeNode(node: DHT.Node): void
  /** The bootstrap nodes that have an address, one after the other. */
  _resolveBootstrapNodes(): AsyncGenerator<{ id: Buffer; host: string; port: number }>
  /** As if everybody answered; `network-update` if that is new. */
  _online(): void
  /** As if most requests timed out; `network-update` if that is new. */
  _degraded(): void
  /** As if nobody answered; `network-update` if that is new. */
  _offline(): void
  /** What `io.onrequest` is bound to. A subclass that overrides it observes. */
  _onrequest(req: DHT.Request, external: boolean): void
  /** What `io.onresponse` is bound to. A subclass that overrides it observes. */
  _onresponse(res: DHT.Reply, external: boolean): void
  /** What `io.ontimeout` is bound to. A subclass that overrides it observes. */
  _ontimeout(req: DHT.MadeRequest): void
  /** Looks at the firewall, and goes persistent unless told otherwise; whether anything changed. */
  _updateNetworkState(onlyFirewall?: boolean): Promise<boolean>
}

declare namespace DHT {
  export import CancellationOptions = cancellation.CancellationOptions
  export import Signal = cancellation.Signal

  export import Events = events.Events
  export import InputErrorCode = events.InputErrorCode
  export import NodeErrorCode = events.NodeErrorCode
  export import QueryErrorCode = events.QueryErrorCode
  export import RequestErrorCode = events.RequestErrorCode
  export import TooFewNodesError = events.TooFewNodesError

  export import Address = messages.Address
  export import BoundAddress = messages.BoundAddress
  export import Message = messages.Message
  export import Peer = messages.Peer
  export import PingOptions = messages.PingOptions
  export import QueryMessage = messages.QueryMessage
  export import Reply = messages.Reply
  export import ReplyOptions = messages.ReplyOptions
  export import Request = messages.Request
  export import RequestOptions = messages.RequestOptions
  export import Session = messages.Session

  export import CongestionWindow = io.CongestionWindow
  export import IO = io.IO
  export import MadeRequest = io.MadeRequest
  export import NetworkInterfaces = io.NetworkInterfaces

  export import ForeignSocket = network.ForeignSocket
  export import NetworkInterface = network.NetworkInterface
  export import Socket = sockets.UDXSocket
  /** A class to whoever requires `udx.js`. */
  export type UDX = sockets.UDX

  export import AdaptiveTimeoutOptions = options.AdaptiveTimeoutOptions
  export import BootstrapAddress = options.BootstrapAddress
  export import HardenedOptions = options.HardenedOptions
  export import Options = options.Options
  export import ProtectionOptions = options.ProtectionOptions

  export import Query = query.Query
  export import QueryEvents = query.QueryEvents
  export import QueryOptions = query.QueryOptions

  export import CommandStats = state.CommandStats
  export import Config = state.Config
  export import Health = state.Health
  export import HealthSnapshot = state.HealthSnapshot
  export import HealthStats = state.HealthStats
  export import Nat = state.Nat
  export import Node = state.Node
  export import NodeList = state.NodeList
  export import ProtectionStats = state.ProtectionStats
  export import RequestStats = state.RequestStats
  export import RttStats = state.RttStats
  export import RttSummary = state.RttSummary
  export import Row = state.Row
  export import Stats = state.Stats
  export import Table = state.Table
}

export = DHT
