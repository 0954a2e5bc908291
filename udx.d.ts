/// <reference types="node" />

import * as udx from './lib/types/udx'

/** The sockets of the engine, for programs that make their own. */
declare class UDX extends udx.UDX {}

declare namespace UDX {
  export import Socket = udx.UDXSocket
  export import SocketAddress = udx.UDXSocketAddress
  export import SocketEvents = udx.UDXSocketEvents
  export import SocketOptions = udx.UDXSocketOptions
  export import Traffic = udx.UDXTraffic
}

export = UDX
