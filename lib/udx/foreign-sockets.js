'use strict'

// The two sockets of a node whose user brought a UDX instance: they live there, and what they
// receive and send goes through JavaScript.
module.exports = class ForeignSockets {
  constructor(udx, { host, portFrom, portTo, anyPort }) {
    this._udx = udx
    this._host = host
    this._portFrom = portFrom
    this._portTo = portTo
    this._anyPort = anyPort
    this._server = null
    this._client = null
    // The ports they had: tried first when they are opened again.
    this._serverPort = 0
    this._clientPort = 0
  }

  // Binds both, or throws the system's error. onmessage(socket, buffer, { host, port })
  open(onmessage) {
    const server = this._bind(this._serverPorts())
    try {
      this._client = this._bind([this._clientPort, 0])
    } catch (err) {
      server.close()
      throw err
    }
    this._server = server
    this._serverPort = server.address().port
    this._clientPort = this._client.address().port

    for (const socket of [this._server, this._client]) {
      socket.on('message', (buffer, from) => onmessage(socket, buffer, from))
    }
    return { server: this._server, client: this._client }
  }

  async close() {
    if (this._server === null) return
    await Promise.allSettled([this._server.close(), this._client.close()])
  }

  _serverPorts() {
    const ports = this._serverPort === 0 ? [] : [this._serverPort]
    for (let port = this._portFrom; port < this._portTo; port++) ports.push(port)
    if (ports.length === 0) return [0]
    return this._anyPort ? [...ports, 0] : ports.slice(0, 1)
  }

  // The first port that is free.
  _bind(ports) {
    const socket = this._udx.createSocket()
    let error = null
    for (const port of ports) {
      try {
        socket.bind(port, this._host)
        return socket
      } catch (err) {
        error = err
      }
    }
    socket.close()
    throw error
  }
}
