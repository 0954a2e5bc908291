/// <reference types="node" />

import { Address, BoundAddress } from './messages'
import { CommandStats, ProtectionStats, RequestStats, Table } from './state'

/** One of the two sockets of a node. */
export interface Socket {
  address(): BoundAddress
}

/** A socket of your own, as those of udx-native are. */
export interface ForeignSocket {
  trySend(buffer: Buffer, port: number, host: string, ttl: number): unknown
}

export interface IO {
  readonly serverSocket: Socket | null
  readonly clientSocket: Socket | null
  /** `[from, to)`. */
  readonly portRange: [from: number, to: number]
  readonly inflight: { readonly length: number }
  readonly stats: {
    requests: RequestStats
    commands: CommandStats[]
    /** Not enumerable. */
    readonly protections: ProtectionStats
  }
  readonly udx: any
  readonly table: Table
  /** Counts requests modulo 65536. */
  _tid: number
  readonly firewalled: boolean
  readonly ephemeral: boolean
  readonly suspended: boolean
  /** Datagrams, requests and timers refused because a bound was reached. `dht-rpc` has no such count. */
  readonly dropped: number
  bind(): Promise<void>
  onmessage(socket: ForeignSocket, buffer: Uint8Array, from: Address): void
}

export interface NetworkInterface {
  name: string
  host: string
  family: 4 | 6
  internal: boolean
}
