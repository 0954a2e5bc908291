// slow: it tries every member of both packages, and waits for what must not come

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const Reference = require('dht-rpc-reference')
const DHT = require('..')
const { FILE, compare, render } = require('../scripts/compatibility')

test('nothing differs from the reference but what the document says', async () => {
  const rows = await compare(Reference, DHT)

  for (const row of rows) assert.ok(!row.unexpected, show(row))
  assert.ok(rows.length > 500)
  assert.strictEqual(render(rows), fs.readFileSync(FILE, 'utf8'), 'node scripts/compatibility.js')
})

test('a member that differs is found, and one that should and does not', async () => {
  class Other extends Reference {
    get randomized() {
      return true
    }

    ready(deadline) {
      return super.ready()
    }
  }

  const rows = await compare(Reference, Other)
  const found = rows.filter(({ unexpected }) => unexpected).map(({ name }) => name)

  for (const name of [
    'DHT / randomized',
    'DHT / ready()',
    'Errors / query() after destroy: code'
  ]) {
    assert.ok(found.includes(name), found.join('\n'))
  }
  assert.ok(!found.includes('DHT / host'))
})

function show({ name, reference, engine }) {
  return `${name}: the reference ${reference}, the engine ${engine}`
}
