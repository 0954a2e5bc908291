/// <reference types="node" />

import { EventEmitter } from 'events'
import { NetworkInterfaces } from './io'
import { NetworkInterface } from './network'
import { UDXStream, UDXStreamOptions } from './udx-stream'

export interface UDXSocketOptions {
  /** Nothing of IPv4 on an IPv6 address. Exactly `true` counts. */
  ipv6Only?: boolean
  /** Others that say so, too, may bind the same address. Exactly `true` counts. */
  reuseAddress?: boolean
}

export interface UDXSocketAddress {
  /** As it was given to `bind()`. */
  host: string
  family: 4 | 6
  port: number
}

export interface UDXSocketEvents {
  listening: []
  /** A datagram, of one longer than 2048 bytes the first 2048. IPv4 is shown as IPv4 always. */
  message: [buffer: Buffer, from: UDXSocketAddress]
  /** Its first stream is there. */
  busy: []
  /** Its last stream is gone. */
  idle: []
  close: []
}

/** Bytes are those of datagrams, without the heads of IP and UDP. */
export interface UDXTraffic {
  readonly bytesTransmitted: number
  readonly packetsTransmitted: number
  readonly bytesReceived: number
  readonly packetsReceived: number
  /** 2⁶⁴: nobody knows. */
  readonly packetsDroppedByKernel: number
}

/**
 * A UDP socket of the engine's. Bound, it keeps the process alive. Nothing that fails on the network is
 * an error.
 */
export interface UDXSocket extends EventEmitter<UDXSocketEvents>, UDXTraffic {
  readonly udx: UDX
  /** Those that are connected by it. */
  readonly streams: Set<UDXStream>
  /** Yours. */
  userData: unknown
  /** Stays true after {@link close}. */
  readonly bound: boolean
  readonly closing: boolean
  readonly idle: boolean
  readonly busy: boolean

  /** null before {@link bind}, kept after {@link close}. */
  address(): UDXSocketAddress | null
  /**
   * Binds before it returns, and emits `listening`. Without a host to all addresses: those of IPv6 and
   * IPv4, where there is no IPv6 those of IPv4.
   *
   * @throws {Error} the system's, with its `code`, and the socket may be bound again; `Already bound`,
   * `Socket is closed`, `<host> is not a valid IP address`; `ERR_TOO_MANY_SOCKETS` beyond 65 536 of one UDX
   */
  bind(port?: number, host?: string): void
  /**
   * Frees the port at once, and no `message` follows; while there are streams, once they are gone.
   * Resolves with `close`.
   */
  close(): Promise<void>
  /**
   * Sends a datagram, binding first if that was not done. Resolves with `false` if the socket is closing;
   * what cannot leave is lost, as on any network.
   *
   * @param host 127.0.0.1 by default
   * @param ttl of this datagram; 0 is the socket's
   */
  send(buffer: Uint8Array, port: number, host?: string, ttl?: number): Promise<boolean>
  /** {@link send} without a promise: it throws what that rejects with. */
  trySend(buffer: Uint8Array, port: number, host?: string, ttl?: number): void
  /** @throws {Error} `EINVAL` outside of 1 to 255; `Socket not active` before {@link bind}, as those that follow */
  setTTL(ttl: number): void
  /** As the system tells it; Linux says twice what was asked for. */
  getRecvBufferSize(): number
  setRecvBufferSize(size: number): void
  getSendBufferSize(): number
  /** Returns what was asked for. */
  setSendBufferSize(size: number): number
  /** @param ifaceAddress an address of the interface; the system chooses one without */
  addMembership(group: string, ifaceAddress?: string): void
  dropMembership(group: string, ifaceAddress?: string): void
  toJSON(): {
    bound: boolean
    closing: boolean
    streams: number
    address: UDXSocketAddress | null
    ipv6Only: boolean
    reuseAddress: boolean
    idle: boolean
    busy: boolean
  }
}

/** Sockets and streams of one owner, those of the nodes that are given it with `opts.udx` among them. */
export declare class UDX implements UDXTraffic {
  /** Without leading zeros. */
  static isIPv4(host: string): boolean
  /** It may end in a zone: `fe80::1%eth0` */
  static isIPv6(host: string): boolean
  static isIP(host: string): 0 | 4 | 6

  readonly bytesTransmitted: number
  readonly packetsTransmitted: number
  readonly bytesReceived: number
  readonly packetsReceived: number
  readonly packetsDroppedByKernel: number
  /** Messages that JavaScript did not keep up with. `udx-native` has no such count. */
  readonly packetsDropped: number

  /** Nothing is opened before it is bound. */
  createSocket(opts?: UDXSocketOptions): UDXSocket
  /** @param id 32 bits; what it was given as is kept. A second stream of the same id takes the place of the first. */
  createStream(id: number, opts?: UDXStreamOptions): UDXStream
  /** What the first watcher read last, if there is one. */
  networkInterfaces(): NetworkInterface[]
  /** Watches when it is returned, and keeps the process alive while it does. */
  watchNetworkInterfaces(onchange?: (interfaces: NetworkInterface[]) => unknown): NetworkInterfaces
  /** The first address of a name. Rejects with `EAI_NONAME` and others of the system's codes. */
  lookup(host: string, opts?: { family?: 0 | 4 | 6 }): Promise<{ host: string; family: 4 | 6 }>
}
