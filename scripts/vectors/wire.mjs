import { Codec } from './codec.mjs'
import { createRandom } from './reference.mjs'

const TO = { host: '198.51.100.20', port: 0x1234 }
const UINTS = [0, 1, 0xfc, 0xfd, 0xffff, 0x10000, 0xffffffff, 0x100000000, Number.MAX_SAFE_INTEGER]
const LENGTHS = [0, 1, 0xfc, 0xfd]
const LARGEST_VALUE = 2034
const MUTANTS = 150

const codec = new Codec()

/** Datagrams with what the reference reads in them; `encoded` ones are written by it as well. */
export function wire() {
  return [
    ...requests().map(([name, req]) => vector('request ' + name, codec.request(req), true)),
    ...replies().map(([name, res]) => vector('reply ' + name, codec.reply(res), true)),
    ...oddities().map(([name, datagram]) => vector(name, datagram, false))
  ]
}

function vector(name, datagram, encoded) {
  return {
    name,
    sender: codec.sender,
    datagram: datagram.toString('hex'),
    encoded,
    message: codec.decode(datagram)
  }
}

function request(fields) {
  return { tid: 0x0102, to: TO, command: 7, value: null, ...fields }
}

function reply(fields) {
  return { tid: 0x0102, to: TO, closerNodes: [], error: 0, value: null, ...fields }
}

function requests() {
  const port = Buffer.from([0x39, 0x30])
  const addr = Buffer.from([10, 20, 30, 40, 0x39, 0x30])
  const delay = Buffer.from([0x10, 0x27, 0, 0])

  return [
    ...flags().map((n) => [
      `flags ${n}`,
      request({
        id: (n & 1) > 0,
        token: (n & 2) > 0,
        internal: (n & 4) > 0,
        target: (n & 8) > 0,
        value: n & 16 ? Buffer.from('value') : null
      })
    ]),
    ['PING', request({ internal: true, command: 0 })],
    ['PING_NAT', request({ internal: true, command: 1, value: port })],
    ['FIND_NODE', request({ internal: true, command: 2, target: true })],
    ['DOWN_HINT', request({ internal: true, command: 3, value: addr })],
    ['DELAYED_PING', request({ internal: true, command: 4, value: delay })],
    ...UINTS.map((command) => [`command ${command}`, request({ command })]),
    ...[...LENGTHS, LARGEST_VALUE].map((n) => [`value of ${n}`, request({ value: bytes(n) })]),
    ...tids().map((tid) => [`tid ${tid}`, request({ tid })]),
    ...addresses().map((to) => [`to ${to.host}:${to.port}`, request({ to })])
  ]
}

function replies() {
  return [
    ...flags().map((n) => [
      `flags ${n}`,
      reply({
        id: (n & 1) > 0,
        token: (n & 2) > 0,
        closerNodes: n & 4 ? nodes(2) : [],
        error: n & 8 ? 2 : 0,
        value: n & 16 ? Buffer.from('value') : null
      })
    ]),
    ...UINTS.map((error) => [`error ${error}`, reply({ error })]),
    ...[0, 1, 20].map((n) => [`${n} closer nodes`, reply({ closerNodes: nodes(n) })]),
    ...LENGTHS.map((n) => [`value of ${n}`, reply({ value: bytes(n) })]),
    ...tids().map((tid) => [`tid ${tid}`, reply({ tid })]),
    ...addresses().map((to) => [`to ${to.host}:${to.port}`, reply({ to })])
  ]
}

function oddities() {
  const value = Buffer.from('value')
  const fullRequest = codec.request(
    request({ id: true, token: true, internal: true, target: true, value })
  )
  const fullReply = codec.reply(
    reply({ id: true, token: true, closerNodes: nodes(2), error: 300, value })
  )

  return [
    ...otherKinds(fullRequest),
    ...cuts('request', fullRequest),
    ...cuts('reply', fullReply),
    ...mutants('request', fullRequest, 1),
    ...mutants('reply', fullReply, 2),
    ['request with trailing bytes', Buffer.concat([fullRequest, bytes(3)])],
    ['reply with trailing bytes', Buffer.concat([fullReply, bytes(3)])],
    ...handmade()
  ]
}

function otherKinds(datagram) {
  return [0x00, 0x01, 0x02, 0x04, 0x10, 0x12, 0x23, 0x83, 0xff].map((kind) => {
    return [`first byte ${kind}`, Buffer.concat([Buffer.from([kind]), datagram.subarray(1)])]
  })
}

function cuts(name, datagram) {
  return Array.from(datagram, (_, n) => [`${name} cut to ${n}`, datagram.subarray(0, n)])
}

function mutants(name, datagram, seed) {
  const random = createRandom(seed)

  return Array.from({ length: MUTANTS }, (_, n) => {
    const mutant = Buffer.from(datagram)
    for (let i = 0; i <= n % 3; i++) mutant[1 + random(mutant.length - 1)] = random(256)
    return [`${name} mutant ${n}`, mutant]
  })
}

function handmade() {
  const tidAndTo = '0201' + 'c6336414' + '3412'
  const addrs = '0a0000010100' + '0a0000020200'
  const request = (flags, rest) => Buffer.from('03' + flags + tidAndTo + rest, 'hex')
  const reply = (flags, rest) => Buffer.from('13' + flags + tidAndTo + rest, 'hex')

  return [
    ['unknown flags', request('e0', '07')],
    ['unknown flags of a reply', reply('e0', '')],
    ['flags of 3 bytes', request('fd1400', '0702abcd')],
    ['flags of 5 bytes', reply('fe08000000', '09')],
    ['flags of 9 bytes', reply('ff08ff000000000000', '09')],
    ['flags past 2^53-1', reply('ff0800000000002000', '09')],
    ['command of 3 bytes that fits 1', request('00', 'fd0700')],
    ['command of 5 bytes that fits 1', request('00', 'fe07000000')],
    ['command of 9 bytes that fits 1', request('00', 'ff0700000000000000')],
    ['command 2^53', request('00', 'ff0000000000002000')],
    ['command 2^53+1', request('00', 'ff0100000000002000')],
    ['command 2^64-1', request('00', 'ffffffffffffffffff')],
    ['error 0 that is present', reply('08', '00')],
    ['error 2^53', reply('08', 'ff0000000000002000')],
    ['value length of 9 bytes', request('10', '07' + 'ff0200000000000000' + 'abcd')],
    ['value one byte short', request('10', '07' + '03' + 'abcd')],
    ['value length 2^32', request('10', '07' + 'ff0000000001000000' + 'abcd')],
    ['value length 2^53-1', request('10', '07' + 'ffffffffffffff1f00' + 'abcd')],
    ['no closer nodes, counted', reply('04', '00')],
    ['closer nodes, count of 3 bytes', reply('04', 'fd0200' + addrs)],
    ['closer nodes, one missing', reply('04', '03' + addrs)],
    ['closer nodes, one byte missing', reply('04', '02' + addrs.slice(0, -2))],
    ['closer nodes, 2^20', reply('04', 'fe00001000' + addrs)],
    ['closer nodes, 2^20+1', reply('04', 'fe01001000' + addrs)],
    ['closer nodes, 2^53-1', reply('04', 'ffffffffffffff1f00' + addrs)],
    ['closer nodes at 0.0.0.0:0', reply('04', '01' + '000000000000')]
  ]
}

function flags() {
  return Array.from({ length: 32 }, (_, n) => n)
}

function tids() {
  return [0, 1, 0xff, 0x100, 0xffff]
}

function addresses() {
  return [
    { host: '0.0.0.0', port: 0 },
    { host: '127.0.0.1', port: 1 },
    { host: '255.255.255.255', port: 65535 }
  ]
}

function nodes(n) {
  return Array.from({ length: n }, (_, i) => ({ host: `10.1.${i}.${255 - i}`, port: 1000 * i + 1 }))
}

function bytes(n) {
  return Buffer.from(Array.from({ length: n }, (_, i) => i & 0xff))
}
