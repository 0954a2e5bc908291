/// <reference types="node" />

import { EventEmitter } from 'events'

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
  readonly udx: any
  /** The socket in use: the client socket while firewalled. null before {@link bind}. */
  readonly socket: DHT.Socket | null
  readonly config: DHT.Config

  /**
   * Binds both sockets, before the promise is returned: `address()` is there at once.
   *
   * Rejects with the system's code (`EADDRINUSE` with `anyPort: false`).
   */
  bind(): Promise<void>
  /** Resolves when the bootstrap is done; rejects if binding failed or the node was destroyed. */
  fullyBootstrapped(): Promise<void>
  /** @deprecated use {@link fullyBootstrapped} */
  ready(): Promise<void>
  /** Rejects what is in flight with REQUEST_DESTROYED, closes the sockets, emits `close`. */
  destroy(): Promise<void>
  /** Rejects what is in flight with IO_SUSPENDED and closes the sockets; the process can exit. */
  suspend(opts?: { log?: (message: string) => void }): Promise<void>
  /** Binds the same ports again if they are free, and refreshes. */
  resume(opts?: { log?: (message: string) => void }): Promise<void>

  /** The bound address of the socket in use; null before {@link bind}, kept after destroy. */
  address(): DHT.BoundAddress | null
  /** An address of this machine with the server port; null before {@link bind}. */
  localAddress(): DHT.Address | null
  /** The public address; null unless it is reachable. */
  remoteAddress(): DHT.Address | null

  /** The nodes of the table, newest first. */
  toArray(opts?: { limit?: number }): DHT.Address[]
  /** Puts a node into the table. */
  addNode(node: DHT.Address): void
  /** Looks a random node up in the background. */
  refresh(): void
  session(): DHT.Session

  /**
   * Asks one node. Sent up to 4 times, one second apart.
   *
   * Rejects with {@link DHT.RequestErrorCode}, `NODE_DESTROYED`, or {@link DHT.InputErrorCode}.
   */
  request(message: DHT.Message, to: DHT.Address, opts?: DHT.RequestOptions): Promise<DHT.Reply>
  /** Asks a node whether it is there. Rejects as {@link request} does. */
  ping(to: DHT.Address, opts?: DHT.PingOptions): Promise<DHT.Reply>
  /**
   * Asks a node to answer after `delayMs`.
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
}

declare namespace DHT {
  interface Address {
    /** An IPv4 address. */
    host: string
    /** 1 to 65535. */
    port: number
  }

  interface BoundAddress extends Address {
    family: 4
  }

  interface Peer extends Address {
    /** 32 bytes; null if the peer is ephemeral or its id was not verified. */
    id: Buffer | null
  }

  /** An entry point. Its host may be a name, `ip@name`, or null while it is not known. */
  interface BootstrapAddress {
    host: string | null
    port: number
  }

  interface Options {
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
    /** Kept as `node.udx`; the sockets are the engine's own. */
    udx?: any
    /** Threads that nodes are spread over; 0, the default, is one for each processor. */
    shards?: number
  }

  interface AdaptiveTimeoutOptions {
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

  interface Message {
    /** An unsigned integer of at most 2^53-1. */
    command: number
    /** 32 bytes. */
    target?: Uint8Array | null
    /** A round-trip token of the receiver, 32 bytes. */
    token?: Uint8Array | null
    /** At most 2034 bytes, less what else is sent. */
    value?: Uint8Array | null
  }

  interface QueryMessage {
    /** An unsigned integer of at most 2^53-1. */
    command: number
    /** 32 bytes. */
    target: Uint8Array
    /** At most 2002 bytes. */
    value?: Uint8Array | null
  }

  interface RequestOptions {
    /** `false` sends it once. */
    retry?: boolean
    /** The socket to send on. */
    socket?: Socket | ForeignSocket | null
    session?: Session | null
    /** Time to live of the packet; 0 is the system's default. */
    ttl?: number
  }

  interface PingOptions extends RequestOptions {
    /** Sends that many zero bytes. */
    size?: number
  }

  interface Reply {
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
  interface Request {
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
    /** @throws {TypeError | RangeError} if the value is not bytes or does not fit a datagram */
    reply(value?: Uint8Array | null, opts?: ReplyOptions): void
    /** Numbers from 16 on are yours. */
    error(code: number, opts?: ReplyOptions): void
    /** Hands the request on to a third node, which can answer the first one. */
    relay(
      value: Uint8Array | null | undefined,
      to: Address,
      opts?: { socket?: Socket | ForeignSocket }
    ): void
    sendReply(
      error: number,
      value: Uint8Array | null,
      token: boolean,
      hasCloserNodes: boolean
    ): void
  }

  interface ReplyOptions {
    /** Send a round-trip token: by default yes with a reply, no with an error. */
    token?: boolean
    /** Send the nodes nearest to the target, by default yes. */
    closerNodes?: boolean
    /** Answer to somebody else. */
    to?: Address
    socket?: Socket | ForeignSocket
  }

  interface QueryOptions<Row = Reply> {
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
    session?: Session | null
  }

  interface QueryEvents<Row> {
    data: [row: Row]
    readable: []
    end: []
    close: []
    error: [err: Error]
    open: []
    piping: [dest: any]
  }

  /** A lookup: a streamx Readable of 16 rows, and an async iterable. */
  class Query<Row = Reply> extends EventEmitter<QueryEvents<Row>> implements AsyncIterable<Row> {
    private constructor()
    readonly dht: any
    /** 20. */
    readonly k: number
    /** 32 bytes. */
    readonly target: Uint8Array
    readonly internal: boolean
    readonly command: number
    readonly value: Uint8Array | null
    readonly force: boolean
    readonly retries: number
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
    [Symbol.asyncIterator](): AsyncIterator<Row>
  }

  /** Requests and queries that can be dropped together. It stays usable afterwards. */
  class Session {
    private constructor()
    readonly dht: any
    readonly inflight: readonly unknown[]
    query<Row>(
      message: QueryMessage,
      opts: QueryOptions<Row> & { map: (reply: Reply) => Row }
    ): Query<NonNullable<Row>>
    query(message: QueryMessage, opts?: QueryOptions): Query
    request(message: Message, to: Address, opts?: RequestOptions): Promise<Reply>
    ping(to: Address, opts?: PingOptions): Promise<Reply>
    /** Rejects them all with `err`, by default REQUEST_DESTROYED. */
    destroy(err?: Error | null): void
  }

  /** A node of the table. Times are in ticks of 5 s. */
  interface Node {
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

  interface Table {
    /** The centre, 32 bytes. */
    readonly id: Buffer
    /** 20. */
    readonly k: number
    readonly size: number
    has(id: Uint8Array): boolean
    get(id: Uint8Array): Node | null
    /** The nodes nearest to `id` (32 bytes), nearest first. */
    closest(id: Uint8Array, k?: number): Node[]
    random(): Node | null
    toArray(): Node[]
  }

  /** The nodes of the table in the order in which they were last heard from. */
  interface NodeList {
    readonly length: number
    readonly oldest: Node | null
    readonly latest: Node | null
    has(node: Node): boolean
    toArray(opts?: { limit?: number; reverse?: boolean }): Node[]
  }

  interface HealthStats {
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

  interface HealthSnapshot {
    responses: number
    timeouts: number
    offline?: boolean
    degraded?: boolean
  }

  interface Health extends HealthStats {
    readonly oldest: HealthSnapshot | undefined
    readonly previous: HealthSnapshot | undefined
    readonly newest: HealthSnapshot | undefined
    readonly stats: HealthStats
  }

  interface CommandStats {
    /** Requests made. */
    tx: number
    /** Replies got. */
    rx: number
  }

  interface RequestStats {
    active: number
    total: number
    responses: number
    timeouts: number
    retries: number
  }

  interface Stats {
    queries: { active: number; total: number }
    requests: RequestStats
    commands: {
      ping: CommandStats
      pingNat: CommandStats
      findNode: CommandStats
      downHint: CommandStats
    }
  }

  interface RttSummary {
    /** ms */
    avgRtt: number
    errors: number
    avgCloserNodes: number
  }

  interface RttStats {
    successes: number
    errors: number
    responses: RttSummary
    closestReplies: RttSummary
  }

  interface Config {
    concurrency: number
    maxWindow: number
    randomPunchInterval: unknown
    connectionKeepAlive: unknown
    sendDownHints: boolean
    downHintsRateLimit: number
  }

  /** One of the two sockets of a node. */
  interface Socket {
    address(): BoundAddress
  }

  /** A socket of your own, as those of udx-native are. */
  interface ForeignSocket {
    trySend(buffer: Buffer, port: number, host: string, ttl: number): unknown
  }

  interface IO {
    readonly serverSocket: Socket | null
    readonly clientSocket: Socket | null
    /** `[from, to)`. */
    readonly portRange: [from: number, to: number]
    readonly inflight: { readonly length: number }
    readonly stats: { requests: RequestStats; commands: CommandStats[] }
    readonly udx: any
    readonly firewalled: boolean
    readonly ephemeral: boolean
    readonly suspended: boolean
    bind(): Promise<void>
    onmessage(socket: ForeignSocket, buffer: Uint8Array, from: Address): void
  }

  interface NetworkInterface {
    name: string
    host: string
    family: 4 | 6
    internal: boolean
  }

  interface Events {
    /** The sockets are bound. */
    listening: []
    /** The bootstrap is done. */
    ready: []
    bootstrap: []
    /** In the tables of others from now on. */
    persistent: []
    /** Not any more. */
    ephemeral: []
    /** The machine has slept. */
    wakeup: []
    'wake-up': []
    /** A user's command. */
    request: [req: Request]
    'nat-update': [host: string | null, port: number]
    /** `online` or `degraded` changed, or the interfaces did. */
    'network-update': []
    'network-change': [interfaces: NetworkInterface[]]
    'add-node': [node: Node]
    'remove-node': [node: Node]
    suspend: []
    resume: []
    close: []
    /** The engine gave the node up, with the code NODE_CRASHED. */
    error: [err: Error]
  }

  /** Of a DHTError, whose message begins with its code. */
  type RequestErrorCode =
    'REQUEST_TIMEOUT' | 'REQUEST_DESTROYED' | 'IO_SUSPENDED' | 'TOO_MANY_REQUESTS'

  type QueryErrorCode = 'TOO_FEW_NODES' | 'NODE_WAS_DESTROYED' | 'NO_TOKEN' | RequestErrorCode

  /** Of a TypeError or RangeError that names the field, what was given and what is allowed. */
  type InputErrorCode =
    | 'ERR_INVALID_HOST'
    | 'ERR_INVALID_PORT'
    | 'ERR_INVALID_TARGET'
    | 'ERR_INVALID_TOKEN'
    | 'ERR_INVALID_ID'
    | 'ERR_INVALID_VALUE'
    | 'ERR_VALUE_TOO_LARGE'
    | 'ERR_INVALID_COMMAND'
    | 'ERR_INVALID_BOOTSTRAP'
    | 'ERR_INVALID_SOCKET'
    | 'ERR_INVALID_OPTION'
    | 'ERR_DELAY_TOO_LONG'
}

export = DHT
