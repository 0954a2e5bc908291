/// <reference types="node" />

import * as stream from './lib/types/udx-stream'
import * as udx from './lib/types/udx'

/** The sockets and streams of the engine, for programs that make their own. */
declare class UDX extends udx.UDX {}

declare namespace UDX {
  export import Socket = udx.UDXSocket
  export import SocketAddress = udx.UDXSocketAddress
  export import SocketEvents = udx.UDXSocketEvents
  export import SocketOptions = udx.UDXSocketOptions
  export import Stream = stream.UDXStream
  export import StreamEvents = stream.UDXStreamEvents
  export import StreamOptions = stream.UDXStreamOptions
  export import ConnectOptions = stream.UDXConnectOptions
  export import Traffic = udx.UDXTraffic
}

export = UDX
