import { createIO, peer } from './reference.mjs'

const SENDER = { host: '203.0.113.7', port: 49737 }

/** Encodes and decodes with the reference's own code, as the node at 203.0.113.7:49737. */
export class Codec {
  constructor() {
    this.sender = `${SENDER.host}:${SENDER.port}`
    this.id = peer.id(SENDER.host, SENDER.port)
    this.token = Buffer.from(Array.from({ length: 32 }, (_, i) => 0x40 + i))
    this.target = Buffer.from(Array.from({ length: 32 }, (_, i) => 0xff - i))

    this._closerNodes = []
    this._sent = null
    this._decoded = null

    this._io = createIO((buffer) => {
      this._sent = Buffer.from(buffer)
    })
    this._io.table = { id: this.id, closest: () => this._closerNodes }
    this._io.token = () => this.token
    this._io.onrequest = () => {}
    this._io.onresponse = (res) => {
      this._decoded = replyFields(res)
    }

    this._waiting = Array.from({ length: 65536 }, (_, tid) => ({ tid, onresponse() {} }))
    this._watchRequests()
  }

  request({ tid, to, id, token, internal, command, target, value }) {
    const req = this._createRequest({ tid, to, id, token, internal, command, target, value })
    req.send(true)
    req.destroy()
    return this._sent
  }

  reply({ tid, to, id, token, closerNodes, error, value }) {
    this._closerNodes = closerNodes
    const req = this._createRequest({ tid, to, id, target: true })
    req.from = to
    req.sendReply(error, value, token, true)
    req.destroy()
    return this._sent
  }

  /** The fields, or null if the reference drops it. The id is null unless it is the sender's. */
  decode(datagram) {
    this._decoded = null
    this._io.inflight = this._waiting.slice()
    this._io.onmessage(this._io.serverSocket, datagram, SENDER)
    this._io.inflight = []
    return this._decoded
  }

  _createRequest({ tid, to, id, token, internal, command, target, value }) {
    this._io.ephemeral = !id
    this._io._tid = tid
    return this._io.createRequest(
      to,
      token ? this.token : null,
      !!internal,
      command || 0,
      target ? this.target : null,
      value,
      null,
      0
    )
  }

  // A request with a token that is not ours decodes all the same, but never gets to onrequest
  _watchRequests() {
    const Request = this._createRequest({ tid: 0, to: SENDER }).constructor
    const decode = Request.decode

    Request.decode = (...args) => {
      const req = decode(...args)
      this._decoded = req && requestFields(req)
      return req
    }
  }
}

function requestFields(req) {
  return {
    kind: 'request',
    tid: req.tid,
    to: address(req.to),
    id: hex(req.from.id),
    token: hex(req.token),
    internal: req.internal,
    command: req.command,
    target: hex(req.target),
    value: hex(req.value)
  }
}

function replyFields(res) {
  return {
    kind: 'reply',
    tid: res.tid,
    to: address(res.to),
    id: hex(res.from.id),
    token: hex(res.token),
    closerNodes: res.closerNodes && res.closerNodes.map(address),
    error: res.error,
    value: hex(res.value)
  }
}

function address({ host, port }) {
  return `${host}:${port}`
}

function hex(buffer) {
  return buffer && buffer.toString('hex')
}
