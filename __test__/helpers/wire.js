// A second, independent reading of the datagram format, kept as plain as possible.

const FLAGS = { id: 1, token: 2, internal: 4, target: 8, value: 16 }
const REPLY_FLAGS = { id: 1, token: 2, closerNodes: 4, error: 8, value: 16 }

const COMMANDS = { PING: 0, PING_NAT: 1, FIND_NODE: 2, DOWN_HINT: 3, DELAYED_PING: 4 }

module.exports = {
  COMMANDS,
  encodeRequest,
  decodeRequest,
  encodeReply,
  decodeReply,
  encodeAddress,
  encodeUint,
  uint16,
  uint32
}

function encodeRequest({ tid, to, id, token, internal, command, target, value }) {
  const flags =
    (id ? FLAGS.id : 0) |
    (token ? FLAGS.token : 0) |
    (internal ? FLAGS.internal : 0) |
    (target ? FLAGS.target : 0) |
    (value ? FLAGS.value : 0)

  const parts = [Buffer.from([0x03, flags]), uint16(tid), encodeAddress(to)]
  if (id) parts.push(id)
  if (token) parts.push(token)
  parts.push(encodeUint(command))
  if (target) parts.push(target)
  if (value) parts.push(encodeUint(value.byteLength), value)
  return Buffer.concat(parts)
}

function encodeReply({ tid, to, id, token, closerNodes, error, value }) {
  const flags =
    (id ? REPLY_FLAGS.id : 0) |
    (token ? REPLY_FLAGS.token : 0) |
    (closerNodes ? REPLY_FLAGS.closerNodes : 0) |
    (error ? REPLY_FLAGS.error : 0) |
    (value ? REPLY_FLAGS.value : 0)

  const parts = [Buffer.from([0x13, flags]), uint16(tid), encodeAddress(to)]
  if (id) parts.push(id)
  if (token) parts.push(token)
  if (closerNodes) parts.push(encodeUint(closerNodes.length), ...closerNodes.map(encodeAddress))
  if (error) parts.push(encodeUint(error))
  if (value) parts.push(encodeUint(value.byteLength), value)
  return Buffer.concat(parts)
}

// Throws on anything that is no request.
function decodeRequest(buffer) {
  const reader = new Reader(buffer)
  if (reader.byte() !== 0x03) throw new Error('Not a request')

  const flags = reader.uint()
  return {
    flags,
    tid: reader.bytes(2).readUInt16LE(),
    to: reader.address(),
    id: flags & FLAGS.id ? reader.bytes(32) : null,
    token: flags & FLAGS.token ? reader.bytes(32) : null,
    internal: (flags & FLAGS.internal) !== 0,
    command: reader.uint(),
    target: flags & FLAGS.target ? reader.bytes(32) : null,
    value: flags & FLAGS.value ? reader.bytes(reader.uint()) : null,
    rest: reader.rest()
  }
}

// Throws on anything that is no reply.
function decodeReply(buffer) {
  const reader = new Reader(buffer)
  if (reader.byte() !== 0x13) throw new Error('Not a reply')

  const flags = reader.uint()
  return {
    flags,
    tid: reader.bytes(2).readUInt16LE(),
    to: reader.address(),
    id: flags & REPLY_FLAGS.id ? reader.bytes(32) : null,
    token: flags & REPLY_FLAGS.token ? reader.bytes(32) : null,
    closerNodes: flags & REPLY_FLAGS.closerNodes ? reader.array(() => reader.address()) : null,
    error: flags & REPLY_FLAGS.error ? reader.uint() : 0,
    value: flags & REPLY_FLAGS.value ? reader.bytes(reader.uint()) : null,
    rest: reader.rest()
  }
}

function encodeAddress({ host, port }) {
  return Buffer.concat([Buffer.from(host.split('.').map(Number)), uint16(port)])
}

function encodeUint(n) {
  if (n <= 0xfc) return Buffer.from([n])
  if (n <= 0xffff) return Buffer.concat([Buffer.from([0xfd]), uint16(n)])
  if (n <= 0xffffffff) return Buffer.concat([Buffer.from([0xfe]), uint32(n)])

  const buffer = Buffer.alloc(9, 0xff)
  buffer.writeBigUInt64LE(BigInt(n), 1)
  return buffer
}

function uint16(n) {
  const buffer = Buffer.alloc(2)
  buffer.writeUInt16LE(n)
  return buffer
}

function uint32(n) {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(n)
  return buffer
}

class Reader {
  constructor(buffer) {
    this.buffer = buffer
    this.offset = 0
  }

  bytes(n) {
    if (this.offset + n > this.buffer.byteLength) throw new Error('Out of bounds')
    this.offset += n
    return this.buffer.subarray(this.offset - n, this.offset)
  }

  byte() {
    return this.bytes(1)[0]
  }

  uint() {
    const first = this.byte()
    if (first <= 0xfc) return first
    if (first === 0xfd) return this.bytes(2).readUInt16LE()
    if (first === 0xfe) return this.bytes(4).readUInt32LE()

    const n = this.bytes(8).readBigUInt64LE()
    if (n > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error('Unsafe integer')
    return Number(n)
  }

  address() {
    const host = [...this.bytes(4)].join('.')
    return { host, port: this.bytes(2).readUInt16LE() }
  }

  array(entry) {
    const length = this.uint()
    if (length > 1048576) throw new Error('Array too long')
    return Array.from({ length }, entry)
  }

  rest() {
    return this.buffer.subarray(this.offset)
  }
}
