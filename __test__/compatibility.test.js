// slow: it tries every member of both packages, and waits for what must not come

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const { EventEmitter } = require('node:events')
const { Readable } = require('streamx')
const Reference = require('dht-rpc-reference')
const DHT = require('..')
const { FILE, compare, render, unexpected } = require('../scripts/compatibility')
const { unprovoked } = require('../scripts/compatibility/source')
const Walk = require('../scripts/compatibility/walk/walk')

test('nothing differs from the reference but what the document says', async () => {
  const found = await compare(Reference, DHT)

  assert.deepStrictEqual(unexpected(found).map(show), [])
  assert.ok(found.members.length > 600)
  assert.ok(found.behaviour.length > 500)
  assert.deepStrictEqual(staleLines(render(found)), [], 'node scripts/compatibility.js')
})

test('what differs without a reason is found, and a reason for what does not', async () => {
  class Other extends Reference {
    constructor(opts) {
      super(opts)
      delete this._sendDownHints
    }

    get randomized() {
      return 'yes'
    }

    ready(deadline) {
      return super.ready()
    }

    emit(name, ...args) {
      return name !== 'network-change' && super.emit(name, ...args)
    }
  }

  const found = await compare(Reference, Other)
  const names = unexpected(found).map(({ of, member }) => `${of} / ${member}`)

  for (const name of [
    'DHT / _sendDownHints',
    'DHT / randomized',
    'DHT / ready',
    'DHT / event network-change',
    'Errors / query() after destroy: code',
    'DHT / _quickFirewall',
    'Query / _seen'
  ]) {
    assert.ok(names.includes(name), `${name} is not among\n${names.join('\n')}`)
  }
  for (const name of ['DHT / host', 'DHT / event ready', 'DHT / _natAdd']) {
    assert.ok(!names.includes(name), name)
  }
})

test('a walk goes on to what Node and streamx give', () => {
  class Part {
    #hidden = 1

    get hidden() {
      return this.#hidden
    }
  }
  class Whole extends EventEmitter {
    static LIMIT = 3

    part = new Part()
    list = [{ host: null }];

    [Symbol.iterator]() {
      return this.list.values()
    }
  }
  class Stream extends Readable {
    closed = false
  }

  const walk = new Walk()
  walk.look('Whole', new Whole())
  walk.look('Stream', new Stream())

  const members = {}
  for (const [name, node] of walk.nodes) members[name] = seen(node)
  assert.deepStrictEqual(members, {
    Whole: {
      '(is a)': 'object of a class, EventEmitter',
      part: 'field: object',
      list: 'field: [object]',
      constructor: 'class',
      'Symbol(Symbol.iterator)': 'method/0'
    },
    Part: { '(is a)': 'object of a class', constructor: 'class', hidden: 'getter: number' },
    'Whole.list[]': { '(is a)': 'plain object', host: 'field: null' },
    'Whole (class)': { LIMIT: 'static: 3' },
    'Part (class)': {},
    Stream: {
      '(is a)': 'object of a class, Readable',
      closed: 'field: boolean',
      constructor: 'class'
    },
    'Stream (class)': {}
  })
})

test('a message of the reference that nothing provokes is found', () => {
  const heard = ['Node destroyed', 'Delay exceeds max delay: 7ms']

  const missing = unprovoked(Reference, heard)

  assert.ok(missing.includes('Port is required'))
  assert.ok(missing.includes('Request timed out'))
  for (const words of missing) assert.ok(!/^(Node destroyed|Delay exceeds)/.test(words), words)
})

// What the document says otherwise, or not at all.
function staleLines(rendered) {
  const lines = rendered.split('\n')
  const written = fs.readFileSync(FILE, 'utf8').split('\n')
  const stale = lines.filter((line, i) => line !== written[i])
  return written.length === lines.length ? stale : [...stale, `${lines.length} lines`]
}

function seen({ members }) {
  return Object.fromEntries([...members].map(([key, texts]) => [String(key), [...texts].join()]))
}

function show({ of, member, reference, engine }) {
  return `${of} / ${member}: the reference ${reference}, the engine ${engine}`
}
