'use strict'

const { parseIPv4 } = require('./address')
const { coded } = require('./errors')

const MAX_DATAGRAM = 2048
const HEADER = 10 // version, flags, tid, address of the receiver
const ID = 32
const TOKEN = 32
const TARGET = 32
const ADDRESS = 6

// The name of a typed array's own kind, which its class may hide.
const { get: kindOf } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag
)

module.exports = {
  invalid,
  isBytes,
  isPort,
  object,
  ip,
  port,
  bytes32,
  optionalBytes32,
  value,
  bytes,
  command,
  integer,
  limit,
  size,
  signal,
  option,
  requestFits,
  replyFits
}

function object(given, field) {
  option(
    (typeof given === 'object' || typeof given === 'function') && given !== null,
    field,
    'an object',
    given
  )
  return given
}

// The address as a number.
function ip(host, field = 'host') {
  const parsed = parseIPv4(host)
  if (parsed !== -1) return parsed
  throw invalid(TypeError, 'ERR_INVALID_HOST', field, 'an IPv4 address', host)
}

function port(port, field = 'port') {
  if (isPort(port)) return port
  const Type = typeof port === 'number' ? RangeError : TypeError
  throw invalid(Type, 'ERR_INVALID_PORT', field, 'an integer from 1 to 65535', port)
}

function bytes32(bytes, field, code) {
  if (isBytes(bytes) && bytes.byteLength === 32) return bytes
  const Type = isBytes(bytes) ? RangeError : TypeError
  throw invalid(Type, code, field, '32 bytes (a Buffer or Uint8Array)', bytes)
}

// What is absent is null.
function optionalBytes32(bytes, field, code) {
  return bytes === null || bytes === undefined ? null : bytes32(bytes, field, code)
}

// The bytes, or null for no value.
function value(value) {
  if (value === null || value === undefined) return null
  if (isBytes(value)) return value
  throw invalid(TypeError, 'ERR_INVALID_VALUE', 'value', 'a Buffer, a Uint8Array or null', value)
}

function bytes(given, field) {
  if (isBytes(given)) return given
  throw invalid(TypeError, 'ERR_INVALID_VALUE', field, 'a Buffer or a Uint8Array', given)
}

function command(command, field = 'command', code = 'ERR_INVALID_COMMAND') {
  if (Number.isSafeInteger(command) && command >= 0) return command
  const Type = typeof command === 'number' ? RangeError : TypeError
  throw invalid(Type, code, field, 'an unsigned integer of at most 2^53-1', command)
}

function integer(number, field, min, max) {
  if (Number.isInteger(number) && number >= min && number <= max) return number
  const Type = typeof number === 'number' ? RangeError : TypeError
  throw invalid(Type, 'ERR_INVALID_OPTION', field, `an integer from ${min} to ${max}`, number)
}

// An integer where false is none.
function limit(number, field, min, max) {
  if (Number.isInteger(number) && number >= min && number <= max) return number
  const Type = typeof number === 'number' ? RangeError : TypeError
  const allowed = `false or an integer from ${min} to ${max}`
  throw invalid(Type, 'ERR_INVALID_OPTION', field, allowed, number)
}

// Told by its members: it may be of another realm, or of another making.
function signal(given) {
  const ok =
    (typeof given === 'object' || typeof given === 'function') &&
    typeof given.aborted === 'boolean' &&
    typeof given.addEventListener === 'function'
  option(ok, 'signal', 'an AbortSignal', given)
  return given
}

function option(ok, field, allowed, given) {
  if (!ok) throw invalid(TypeError, 'ERR_INVALID_OPTION', field, allowed, given)
}

// The zero bytes of a ping.
function size(size, hasId) {
  const max = roomOf(MAX_DATAGRAM - HEADER - (hasId ? ID : 0) - 1)
  if (Number.isInteger(size) && size >= 0 && size <= max) return size
  const isNumber = typeof size === 'number'
  const code = isNumber && size > max ? 'ERR_VALUE_TOO_LARGE' : 'ERR_INVALID_OPTION'
  throw invalid(
    isNumber ? RangeError : TypeError,
    code,
    'size',
    `an integer from 0 to ${max} bytes`,
    size
  )
}

function requestFits(value, hasId, hasToken, command, hasTarget) {
  const rest = HEADER + (hasId ? ID : 0) + (hasToken ? TOKEN : 0) + (hasTarget ? TARGET : 0)
  fits(value, rest + uintLength(command))
}

function replyFits(value, hasId, hasToken, closerNodes) {
  const list = closerNodes > 0 ? uintLength(closerNodes) + closerNodes * ADDRESS : 0
  fits(value, HEADER + (hasId ? ID : 0) + (hasToken ? TOKEN : 0) + list)
}

function fits(value, rest) {
  const max = roomOf(MAX_DATAGRAM - rest)
  if (value.byteLength <= max) return
  throw invalid(RangeError, 'ERR_VALUE_TOO_LARGE', 'value', `at most ${max} bytes here`, value)
}

// The longest value that fits with its length before it.
function roomOf(bytes) {
  return bytes - uintLength(bytes)
}

function uintLength(n) {
  return n <= 0xfc ? 1 : n <= 0xffff ? 3 : n <= 0xffffffff ? 5 : 9
}

function isPort(port) {
  return Number.isInteger(port) && port > 0 && port < 65536
}

// Of whatever realm; a Proxy around bytes has none that could be read.
function isBytes(value) {
  if (!ArrayBuffer.isView(value)) return false
  return value instanceof Uint8Array || kindOf.call(value) === 'Uint8Array'
}

function invalid(Type, code, field, allowed, given) {
  return coded(Type, code, `${field} must be ${allowed}, got ${show(given)}`)
}

function show(given) {
  if (typeof given === 'string') {
    return JSON.stringify(given.length > 64 ? `${given.slice(0, 64)}…` : given)
  }
  if (isBytes(given)) return `${given.byteLength} bytes`
  if (Array.isArray(given)) return `an array of ${given.length}`
  if (typeof given === 'function') return 'a function'
  if (typeof given === 'object' && given !== null) {
    return `an object (${given.constructor ? given.constructor.name : 'no prototype'})`
  }
  return typeof given === 'bigint' ? `${given}n` : String(given)
}
