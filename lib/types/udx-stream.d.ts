/// <reference types="node" />

import { EventEmitter } from 'events'
import { UDX, UDXSocket, UDXTraffic } from './udx'

export interface UDXStreamOptions {
  /**
   * Asked about each packet that comes while the stream is unconnected, or by another socket than its
   * own. What is truthy rejects the packet. It may connect the stream, change its remote, write to it and destroy it. Without one everything is
   * rejected.
   */
  firewall?: (
    this: UDXStream,
    socket: UDXSocket,
    port: number,
    host: string,
    family: 4 | 6
  ) => unknown
  /**
   * What comes is frames: a length of 3 bytes, little-endian, and as many bytes. Each is one `data`, with
   * its length; of those longer than 66 KiB the pieces are.
   */
  framed?: boolean
  /** The number of the first packet, 0 by default. */
  seq?: number
}

export interface UDXConnectOptions {
  /** The number of the peer's first packet, 0 by default. */
  ack?: number
}

export interface UDXStreamEvents {
  /** Within {@link UDXStream.connect}. */
  connect: []
  data: [data: Buffer]
  /** What the peer gave to {@link UDXStream.send}. */
  message: [message: Buffer]
  'remote-changed': []
  readable: []
  end: []
  drain: []
  finish: []
  open: []
  /** `ETIMEDOUT` after 13 s without an answer to what was written, `ECONNRESET` if the peer destroyed its stream,
   * `ERR_UDX_CRASHED` if the engine gave all streams of its UDX up. */
  error: [err: Error]
  close: []
  piping: [dest: any]
  pipe: [src: any]
}

/**
 * An ordered, reliable stream of bytes to a stream of another process: a Duplex of streamx. Both sides
 * learn elsewhere of each other's ids and addresses; there is no handshake. It keeps no process alive.
 */
export interface UDXStream
  extends
    EventEmitter<UDXStreamEvents>,
    AsyncIterable<Buffer>,
    Omit<UDXTraffic, 'packetsDroppedByKernel'> {
  readonly udx: UDX
  /** Packets for it name it by this: 32 bits, one stream of a UDX each. */
  readonly id: number
  /** null before {@link connect} and after the end. */
  readonly socket: UDXSocket | null
  /** 0 before {@link connect}; it stays after the end, as what follows does. */
  readonly remoteId: number
  readonly remoteHost: string | null
  readonly remoteFamily: 0 | 4 | 6
  readonly remotePort: number
  /** Yours. */
  userData: unknown
  readonly connected: boolean
  readonly localHost: string | null
  readonly localFamily: 0 | 4 | 6
  readonly localPort: number

  /** Bytes of a packet, with the heads of IP and UDP. */
  readonly mtu: number
  /** Smoothed, in ms. */
  readonly rtt: number
  /** Packets that may be on their way. */
  readonly cwnd: number
  /** Bytes that are. */
  readonly inflight: number
  readonly retransmits: number
  readonly fastRecoveries: number
  /** Time-outs since anything was acknowledged last; the seventh ends the stream. */
  readonly rtoCount: number
  /** 0 startup, 1 drain, 2 probing bandwidth, 3 probing the round-trip time. */
  readonly bbrState: number
  /** Bytes a second. */
  readonly bbrBandwidth: number

  /**
   * Takes effect within the call, and sends nothing. An unbound socket is bound.
   *
   * @param host 127.0.0.1 by default; the options may stand in its place
   * @throws {Error} `Already connected`, `Socket is closed`, `<host> is not a valid IP address`,
   * `<port> is not a valid port`
   */
  connect(
    socket: UDXSocket,
    remoteId: number,
    port: number,
    host?: string | null,
    opts?: UDXConnectOptions
  ): void
  connect(socket: UDXSocket, remoteId: number, port: number, opts: UDXConnectOptions): void
  /**
   * Another address, and perhaps another socket of the same UDX, which is bound. What was on its way is
   * sent again to the old address until it is acknowledged, when the promise resolves.
   *
   * @returns null if nothing was on its way
   * @throws {Error} `Remote already changing`, `Not yet connected`, `Socket is closed`, `Cannot change to a socket on
   * another UDX instance`, and what {@link connect} says of host and port
   */
  changeRemote(
    socket: UDXSocket,
    remoteId: number,
    port: number,
    host?: string | null
  ): Promise<void> | null
  /**
   * Hands all packets for this stream on to where the other one is connected, without JavaScript. One way only.
   *
   * @throws {Error} `EINVAL` the second time, or if the other is closed
   */
  relayTo(destination: UDXStream): void
  /**
   * One datagram, neither ordered nor sent again. Resolves with `false` if there is no connection. What is
   * longer than the network takes is lost.
   */
  send(buffer: Uint8Array): Promise<boolean>
  /** {@link send} without a promise. */
  trySend(buffer: Uint8Array): void
  /** Whether the peer has all that was written by now, once that is known. */
  flush(): Promise<boolean>
  /** ms between heartbeats while nothing is on its way; 0 for none. They keep a NAT's mapping, and tell nothing. */
  setKeepalive(timeoutMs: number): void
  /** Of no effect, as in `udx-native`. */
  setInteractive(interactive?: boolean): void
  toJSON(): {
    id: number
    connected: boolean
    destroying: boolean
    destroyed: boolean
    remoteId: number
    remoteHost: string | null
    remoteFamily: 0 | 4 | 6
    remotePort: number
    mtu: number
    rtt: number
    cwnd: number
    inflight: number
    socket: ReturnType<UDXSocket['toJSON']> | null
  }

  readonly readable: boolean
  readonly writable: boolean
  readonly destroyed: boolean
  readonly destroying: boolean
  /** false: wait for `drain`. Before {@link connect} it ends in an uncaught exception. */
  write(data: Uint8Array | string): boolean
  /** Ends this half. The stream is closed when both have ended. */
  end(data?: Uint8Array | string): this
  cork(): void
  uncork(): void
  read(): Buffer | null
  push(data: Buffer | null): boolean
  unshift(data: Buffer): void
  pipe<Destination>(dest: Destination, cb?: (err: Error | null) => void): Destination
  /** The peer is stopped when 4 MiB wait to be read. */
  pause(): this
  resume(): this
  setEncoding(encoding: BufferEncoding): this
  /** Drops what is on its way, and resets the peer. */
  destroy(err?: Error | null): void
  [Symbol.asyncIterator](): AsyncIterator<Buffer>
}
