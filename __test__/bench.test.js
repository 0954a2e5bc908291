const test = require('node:test')
const assert = require('node:assert')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const BENCH = path.join(__dirname, '..', 'bench')

const less = { figure: 'cpu', better: 'less' }

test('the middle of a list, of an even number the mean of the middle two', async () => {
  const { median } = await load('lib/statistics.mjs')
  assert.strictEqual(median([10, 9, 100]), 10)
  assert.strictEqual(median([4, 1, 2, 3]), 2.5)
})

test('three digits are shown, without an exponent', async () => {
  const { digits } = await load('lib/statistics.mjs')
  assert.deepStrictEqual([0, 0.00012, 0.5, 1.234, 98.76, 123456.7].map(digits), [
    '0',
    '0.00012',
    '0.500',
    '1.23',
    '98.8',
    '123457'
  ])
})

test('a ratio is that of the medians, and decides whether a target is met', async () => {
  const { evaluate } = await load('lib/targets.mjs')
  const samples = { reference: figures(10, 12, 8), engine: figures(6, 9, 5), floor: figures(4) }
  const must = { atMost: 0.6, of: 'reference' }
  const aim = { atMost: 1.3, of: 'floor' }

  const { sides, ratios, ...judged } = evaluate({ ...less, must, aim }, samples)
  assert.deepStrictEqual(sides.engine, { median: 6, least: 5, most: 9 })
  assert.deepStrictEqual(ratios, { reference: 0.6, floor: 1.5 })
  assert.deepStrictEqual(judged.must, { ...must, value: 0.6, met: true })
  assert.deepStrictEqual(judged.aim, { ...aim, value: 1.5, met: false })
})

test('a target may be about the figure itself, or about the worst round', async () => {
  const { evaluate } = await load('lib/targets.mjs')
  const samples = { engine: figures(1, 1, 3) }
  const judge = (must) => evaluate({ ...less, must }, samples).must.met
  assert.strictEqual(judge({ atMost: 1 }), true)
  assert.strictEqual(judge({ atMost: 1, always: true }), false)
  assert.strictEqual(judge({ atLeast: 1, always: true }), true)
  assert.strictEqual(judge({ atLeast: 2, always: true }), false)
})

test('on one core nothing may be slower than the reference', async () => {
  const { evaluate } = await load('lib/targets.mjs')
  const must = { atMost: 0.1, of: 'reference' }
  const judge = (better, reference, engine) => {
    const samples = { reference: figures(reference), engine: figures(engine) }
    return evaluate({ figure: 'cpu', better, must }, samples, { oneCore: true }).must.met
  }
  assert.strictEqual(judge('less', 10, 9), true)
  assert.strictEqual(judge('less', 10, 11), false)
  assert.strictEqual(judge('more', 10, 11), true)
  assert.strictEqual(judge('more', 10, 9), false)
  assert.strictEqual(judge('less', 0, 0), true)
})

test('one round runs, and comes out as JSON', async () => {
  const names = 'first-node'
  const { code, stdout } = await bench(['--only', names, '--rounds', '1', '--json', '--no-build'])
  const { machine, results } = JSON.parse(stdout)
  assert.match(machine, /Node v\d/)
  assert.strictEqual(results.length, 1)

  const [{ workload, sides, ratios, must, aim }] = results
  assert.strictEqual(workload, names)
  assert.deepStrictEqual(Object.keys(sides), ['reference', 'engine'])
  assert.ok(sides.engine.least > 0 && sides.engine.least <= sides.engine.most)
  assert.strictEqual(ratios.reference, sides.engine.median / sides.reference.median)
  assert.deepStrictEqual([must.atMost, aim.atMost], [1, 0.7])
  assert.strictEqual(code, must.met ? 0 : 1)
})

test('a workload or a number that there is not is named, and what there is', async () => {
  const unknown = await bench(['--only', 'ping-served,pong'])
  assert.strictEqual(unknown.code, 2)
  assert.match(unknown.stderr, /no such workload: pong\n/)
  assert.match(unknown.stderr, /workloads: ping-served find-node-served /)

  const { code, stderr } = await bench(['--rounds', '0'])
  assert.strictEqual(code, 2)
  assert.match(stderr, /--rounds must be a whole number from 1, got 0/)
})

function load(file) {
  return import(pathToFileURL(path.join(BENCH, file)))
}

function figures(...list) {
  return list.map((cpu) => ({ cpu }))
}

function bench(args) {
  return new Promise((resolve) => {
    const file = path.join(BENCH, 'main.mjs')
    execFile(process.execPath, [file, ...args], (err, stdout, stderr) => {
      resolve({ code: err ? err.code : 0, stdout, stderr })
    })
  })
}
