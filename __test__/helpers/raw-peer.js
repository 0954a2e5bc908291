const dgram = require('node:dgram')
const { once } = require('node:events')
const { until } = require('./until')
const { COMMANDS, encodeRequest, decodeReply, decodeRequest, encodeReply } = require('./wire')

// A peer made of nothing but a socket: it sees and sends exact bytes.
module.exports = class RawPeer {
  static async create(t, { host = '127.0.0.1', port = 0 } = {}) {
    const socket = dgram.createSocket('udp4')
    const listening = once(socket, 'listening')
    socket.bind({ port, address: host, exclusive: true })
    await listening
    t.after(() => new Promise((resolve) => socket.close(resolve)))
    return new RawPeer(socket)
  }

  constructor(socket) {
    this.socket = socket
    this.host = socket.address().address
    this.port = socket.address().port
    this.received = []
    this.tid = 1
    this.onrequest = null

    socket.on('message', (data, { address, port }) => this._onmessage(data, address, port))
  }

  get address() {
    return { host: this.host, port: this.port }
  }

  send(buffer, to) {
    return new Promise((resolve, reject) => {
      this.socket.send(buffer, to.port, to.host, (err) => (err ? reject(err) : resolve()))
    })
  }

  // The next datagram: { data, from }.
  async receive(ms) {
    await until(() => this.received.length > 0, 'a datagram for the raw peer', ms)
    return this.received.shift()
  }

  async exchange(buffer, to, ms) {
    await this.send(buffer, to)
    const { data } = await this.receive(ms)
    return data
  }

  // Sends a request and decodes the reply.
  async request(fields, to) {
    const tid = this.tid++
    const reply = decodeReply(await this.exchange(encodeRequest({ tid, to, ...fields }), to))
    if (reply.tid !== tid) throw new Error(`Reply to ${reply.tid} where ${tid} was asked`)
    return reply
  }

  // Datagrams between two sockets keep their order here, so a ping that is answered first was answered alone.
  async expectSilence(buffer, to) {
    await this.send(buffer, to)
    const reply = await this.request({ internal: true, command: COMMANDS.PING }, to)
    if (this.received.length > 0) throw new Error('The datagram was answered')
    return reply
  }

  // Serves the requests of others: the function gives the fields of the reply, or null for silence.
  serve(onrequest) {
    this.onrequest = onrequest
  }

  _onmessage(data, host, port) {
    const from = { host, port }

    if (this.onrequest !== null && data[0] === 0x03) {
      const req = decodeRequest(data)
      const fields = this.onrequest(req, from)
      if (fields) this.send(encodeReply({ tid: req.tid, to: from, ...fields }), from)
      return
    }

    this.received.push({ data, from })
  }
}
