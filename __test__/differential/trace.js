'use strict'

const wire = require('../helpers/wire')

const REQUEST = 0x03
const FLAG = { id: 1, token: 2 }
const HEADER = 10

// One side's trace with what is random mapped away: a tid becomes the number of its request, a token
// that was issued becomes `<token>`.
class Trace {
  constructor() {
    this._requests = []
    this._byTid = new Map()
  }

  // Entries as they came to entries with a `line` to compare and what was decoded.
  map(entries) {
    return entries.map((entry) => (entry.send ? this._send(entry) : mapEvent(entry)))
  }

  // The tid that this side gave to the request of a number.
  tid(number) {
    return this._requests[number].tid
  }

  _send({ at, send }) {
    const datagram = Buffer.from(send.hex, 'hex')
    const mapped = { at, category: 'sends', socket: send.socket, to: send.to, ttl: send.ttl }
    if (datagram[0] === REQUEST) this._request(mapped, datagram)
    else mapReply(mapped, datagram)
    const ttl = send.ttl ? ` ttl ${send.ttl}` : ''
    mapped.line = `${at} ${send.socket} to ${send.to}${ttl}: ${mapped.line}`
    return mapped
  }

  _request(mapped, datagram) {
    const { tid, ...request } = wire.decodeRequest(datagram)
    const masked = `${datagram.toString('hex', 0, 2)}<tid>${datagram.toString('hex', 4)}`
    const known = this._byTid.get(tid)
    const again = known !== undefined && known.masked === masked && known.to === mapped.to
    const number = again ? known.number : this._requests.length
    if (!again) {
      const made = { tid, number, masked, to: mapped.to }
      this._byTid.set(tid, made)
      this._requests.push(made)
    }
    Object.assign(mapped, { request, number, again })
    mapped.line = `request #${number} ${describe(request)} ${masked}`
  }
}

function mapReply(mapped, datagram) {
  const { token, ...reply } = wire.decodeReply(datagram)
  const start = HEADER + (reply.flags & FLAG.id ? 32 : 0)
  const hex = datagram.toString('hex')
  const masked =
    reply.flags & FLAG.token ? `${hex.slice(0, start * 2)}<token>${hex.slice(start * 2 + 64)}` : hex
  Object.assign(mapped, { reply, token, line: `reply ${describe(reply)} ${masked}` })
}

function mapEvent({ at, event, fields }) {
  return {
    at,
    category: category(event),
    event,
    ...fields,
    line: `${at} ${event} ${sorted(fields)}`
  }
}

// Within a category the order counts. A stream tells its rows and its end, and a promise its outcome,
// some microtasks after what made them happen: they are not in one order with the other events.
function category(event) {
  if (event === 'row' || event === 'end') return 'queries'
  if (event === 'settled' || event === 'commit') return event
  return 'events'
}

function describe(fields) {
  const shown = Object.entries(fields).filter(([name, value]) => {
    return value !== null && !['flags', 'to', 'rest'].includes(name)
  })
  return shown.map(([name, value]) => `${name}=${show(value)}`).join(' ')
}

function show(value) {
  if (Buffer.isBuffer(value)) return value.toString('hex').slice(0, 16)
  if (Array.isArray(value)) return `[${value.map(({ host, port }) => `${host}:${port}`).join()}]`
  if (value && value.host) return `${value.host}:${value.port}`
  return value
}

function sorted(value) {
  return JSON.stringify(value, (_, field) => {
    if (!field || typeof field !== 'object' || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

module.exports = Trace
