const test = require('node:test')
const assert = require('node:assert')
const { networkInterfaces } = require('node:os')
const packages = require('./helpers/udx-packages')
const { turns, until } = require('./helpers/until')

const HOST = '127.0.0.1'
const NOWHERE = '203.0.113.7' // no address of this machine
const INVALID = { code: 'EINVAL', message: 'invalid argument' }
const addresses = Object.values(networkInterfaces()).flat()
const skip = addresses.some(({ address }) => address === '::1') ? false : 'this machine has no IPv6'

// What sockets and their UDX make of unusual arguments.
for (const { name, UDX, create, bound } of packages) {
  test(`${name}: addresses are what is read of them`, () => {
    const v4 = [['1.2.3.4'], { toString: () => '1.2.3.4' }, new String('1.2.3.4')]
    v4.push(Buffer.from('1.2.3.4'))
    for (const host of v4) assert.deepStrictEqual([UDX.isIP(host), UDX.isIPv4(host)], [4, true])
    assert.deepStrictEqual([UDX.isIP(['::1']), UDX.isIPv6(['::1'])], [6, true])
    for (const host of [undefined, null, 5, {}, [], true]) assert.strictEqual(UDX.isIP(host), 0)
    assert.throws(() => UDX.isIP(Symbol('host')), TypeError)
  })

  test(`${name}: a fraction of a time to live is none`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    let count = 0
    b.on('message', () => count++)
    for (const ttl of [1.5, 0, undefined, null, NaN, false, 255]) {
      assert.strictEqual(await a.send(Buffer.from('x'), b.address().port, HOST, ttl), true)
    }
    await until(() => count === 7, 'all of them')
  })

  test(`${name}: sizes of buffers are positive`, (t) => {
    const socket = bound(t, new UDX())
    for (const size of [0, -1, 2 ** 31, 2 ** 32 - 1]) {
      assert.throws(() => socket.setRecvBufferSize(size), INVALID)
      assert.throws(() => socket.setSendBufferSize(size), INVALID)
    }
    assert.strictEqual(socket.setRecvBufferSize(50_000), undefined)
    assert.strictEqual(socket.setSendBufferSize(50_000), 50_000)
  })

  test(`${name}: IPv6 alone is for addresses of IPv6`, (t) => {
    const socket = create(t, new UDX(), { ipv6Only: true })
    assert.throws(() => socket.bind(0, HOST), INVALID)
    assert.strictEqual(socket.bound, false)
  })

  test(`${name}: one that could not be bound is closed later`, async (t) => {
    const udx = new UDX()
    const seen = []
    const socket = create(t, udx)
    socket.on('close', () => seen.push('close'))
    assert.throws(() => socket.bind(0, NOWHERE), { code: 'EADDRNOTAVAIL' })
    const closed = socket.close()
    assert.deepStrictEqual([seen, socket.closing, socket.bound], [[], true, false])
    await closed
    await turns(3)
    assert.deepStrictEqual(seen, ['close'])

    // What is no address asks the system for nothing.
    const other = create(t, udx)
    other.on('close', () => seen.push('other'))
    assert.throws(() => other.bind(0, '1.2'), { message: '1.2 is not a valid IP address' })
    other.close()
    assert.deepStrictEqual(seen, ['close', 'other'])
  })

  test(`${name}: multicast groups of IPv6 by interface`, { skip }, (t) => {
    const udx = new UDX()
    const GROUP = 'ff02::1:7'
    const socket = create(t, udx)
    socket.bind(0, '::')
    for (const at of [undefined, '', '::1', '::', 'fe80::1%lo']) {
      socket.addMembership(GROUP, at)
      socket.dropMembership(GROUP, at)
    }
    for (const at of [HOST, 'lo', 'x'])
      assert.throws(() => socket.addMembership(GROUP, at), INVALID)
    const v4 = create(t, udx)
    v4.bind(0, '0.0.0.0')
    assert.throws(() => v4.addMembership(GROUP, HOST), INVALID)
  })

  test(`${name}: interfaces are those of the system, links alone included`, (t) => {
    const host = ({ address }) => address
    const { udx } = bound(t, new UDX()) // without one the reference keeps the process alive
    const found = udx.networkInterfaces()
    assert.deepStrictEqual(found.map(({ host }) => host).sort(), addresses.map(host).sort())
    for (const { host, family, internal } of found) {
      const known = addresses.find(({ address }) => address === host)
      assert.deepStrictEqual([`IPv${family}`, internal], [known.family, known.internal])
    }
  })

  test(`${name}: lookup of another family`, async (t) => {
    const udx = new UDX()
    bound(t, udx) // as above
    const other = { code: 'EAI_ADDRFAMILY', message: 'address family not supported' }
    await assert.rejects(udx.lookup(HOST, { family: 6 }), other)
    await assert.rejects(udx.lookup('::1', { family: 4 }), other)
    assert.deepStrictEqual(await udx.lookup(HOST, { family: 5 }), { host: HOST, family: 4 })
    assert.deepStrictEqual(await udx.lookup('::1', {}), { host: '::1', family: 6 })
    await assert.rejects(udx.lookup(HOST, null), TypeError)
  })
}

for (const { UDX, bound } of packages.filter(({ name }) => name === 'native')) {
  // The reference never ends after one of these.
  test('native: lookup of what is no name', async () => {
    for (const name of ['', 'x'.repeat(300), undefined, null, 5]) {
      await assert.rejects(new UDX().lookup(name), INVALID)
    }
  })

  test('native: a time to live in words', async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    const { port } = b.address()
    let count = 0
    b.on('message', () => count++)
    for (const ttl of ['5', [5], true]) a.trySend(Buffer.from('x'), port, HOST, ttl)
    await until(() => count === 3, 'all of them')
    for (const ttl of ['x', {}, 0.5, Infinity, 2 ** 32 + 5]) {
      assert.throws(() => a.trySend(Buffer.from('x'), port, HOST, ttl), INVALID)
    }
  })
}
