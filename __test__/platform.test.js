'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { platformName, ROOT } = require('../lib/crossing/platform')
const { readInterpreter, readLibrary } = require('../lib/crossing/elf')
const { lacks } = require('../scripts/needs')
const { program } = require('./helpers/elf')
const { run } = require('./helpers/child')

const GLIBC = '/lib64/ld-linux-x86-64.so.2'
const MUSL = '/lib/ld-musl-x86_64.so.1'
const FAR = 125 * 1024 * 1024
const BEYOND = 2n ** 63n + 4096n
const NOT_LINUX = lacks('linux')

const base = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-platform-'))
test.after(() => fs.rmSync(base, { recursive: true }))

for (const bits of [32, 64]) {
  for (const isBig of [false, true]) {
    const kind = `${bits} bits, ${isBig ? 'big' : 'little'}-endian`

    test(`a program's loader is found wherever it stands: ${kind}`, () => {
      const places = [{}, { loaderAt: FAR }, { segmentsAt: FAR, loaderAt: FAR + 4096 }]
      for (const place of places) {
        const file = write(program({ bits, isBig, loader: MUSL, ...place }))
        assert.strictEqual(readInterpreter(file), MUSL)
      }
    })

    test(`a damaged program has no loader, and little of it is read: ${kind}`, (t) => {
      const reads = t.mock.method(fs, 'readSync')
      const far = bits === 64 ? BEYOND : 0xfffffff0
      const damages = [
        { segmentsAt: far },
        { loaderAt: far },
        { segmentsAt: 0, count: 0xffff },
        { length: 0 },
        { length: far, loader: 'x'.repeat(100_000) },
        { count: 0 },
        { count: 1 }
      ]
      for (const damage of damages) {
        const pieces = program({ bits, isBig, loader: MUSL, ...damage })
        const file = write(pieces.filter(({ at }) => at < FAR))
        const loader = readInterpreter(file)
        if (damage.loader) assert.strictEqual(loader, damage.loader.slice(0, 4096))
        else assert.strictEqual(loader, null, Object.keys(damage).join())
        assert.doesNotThrow(() => readLibrary(file))
      }
      const most = Math.max(...reads.mock.calls.map((call) => call.arguments[3]))
      assert.ok(most <= 64 * 1024, `${most} bytes at once`)
      assert.ok(reads.mock.callCount() <= damages.length * 8)
    })
  }
}

test('a program that ends too early, or is none, has no loader', () => {
  const whole = fs.readFileSync(write(program({ loader: MUSL })))
  for (let length = 0; length < 64 + 2 * 56; length++) {
    const file = write([{ at: 0, bytes: whole.subarray(0, length) }])
    assert.strictEqual(readInterpreter(file), null, `${length} bytes`)
  }
  assert.strictEqual(readInterpreter(write([{ at: 0, bytes: Buffer.from('#!/bin/sh\n') }])), null)
  assert.strictEqual(readInterpreter(path.join(base, 'none')), null)
  assert.strictEqual(readInterpreter(base), null)
})

test('random programs and libraries do not throw', () => {
  const whole = fs.readFileSync(write(program({ loader: MUSL, loaderAt: 256 })))
  let seed = 1
  const random = (n) => (seed = (seed * 48271) % 0x7fffffff) % n
  for (let i = 0; i < 500; i++) {
    const bytes = Buffer.from(whole)
    for (let n = random(8); n >= 0; n--) bytes[4 + random(bytes.length - 4)] = random(256)
    const file = write([{ at: 0, bytes }])
    assert.doesNotThrow(() => [readInterpreter(file), readLibrary(file)])
  }
})

test('the C library is that of the running program', { skip: NOT_LINUX }, (t) => {
  const { execPath } = process
  t.after(() => (process.execPath = execPath))
  const plain = `linux-${process.arch}`
  const names = [
    [GLIBC, plain],
    [MUSL, `${plain}-musl`],
    ['/nix/store/musl-1.2/lib/libc.so', `${plain}-musl`],
    ['/opt/ld-musl-of-mine/ld-linux-x86-64.so.2', plain]
  ]
  for (const [loader, name] of names) {
    process.execPath = write(program({ loader, loaderAt: FAR }))
    assert.strictEqual(platformName(), name)
  }
})

test('a program that cannot be read says it by its report', { skip: NOT_LINUX }, (t) => {
  const { execPath, report } = process
  t.after(() => (process.execPath = execPath))
  process.execPath = path.join(base, 'gone')
  const before = report.excludeNetwork
  const plain = `linux-${process.arch}`
  const headers = [
    [{ glibcVersionRuntime: '2.36' }, plain],
    [{}, `${plain}-musl`],
    [undefined, plain]
  ]
  for (const [header, name] of headers) {
    const reported = t.mock.method(report, 'getReport', () => ({ header }))
    assert.strictEqual(platformName(), name)
    reported.mock.restore()
  }
  t.mock.method(report, 'getReport', () => {
    throw new Error('no report')
  })
  assert.strictEqual(platformName(), plain)
  assert.strictEqual(report.excludeNetwork, before)
})

test('under the permission model, which hides the program, the package loads', async () => {
  const model = ['--permission', '--experimental-permission'].find((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag)
  )
  const source = `
    try {
      require('fs').openSync(process.execPath)
    } catch (err) {
      console.log(err.code)
    }
    const DHT = require(process.argv[1])
    const node = new DHT({ host: '127.0.0.1', bootstrap: [] })
    node.bind().then(() => node.destroy()).then(() => console.log('works'))
  `
  const execArgv = [model, '--allow-addons', `--allow-fs-read=${path.join(ROOT, '*')}`]
  const { stdout, stderr } = await run(source, [ROOT], { execArgv })
  assert.strictEqual(stdout, 'ERR_ACCESS_DENIED\nworks\n', stderr)
})

// A file of these pieces, with nothing between them.
function write(pieces) {
  const file = path.join(base, 'program')
  const fd = fs.openSync(file, 'w')
  for (const { at, bytes } of pieces) fs.writeSync(fd, bytes, 0, bytes.byteLength, at)
  fs.closeSync(fd)
  return file
}
