/// <reference types="node" />

/** A socket of your own, as those of udx-native are. */
export interface ForeignSocket {
  trySend(buffer: Buffer, port: number, host: string, ttl: number): unknown
}

export interface NetworkInterface {
  name: string
  host: string
  family: 4 | 6
  internal: boolean
}
