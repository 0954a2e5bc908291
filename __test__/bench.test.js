// slow: it builds the load and measures a round

const test = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const { execFile } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { lacks } = require('../scripts/needs')

const BENCH = path.join(__dirname, '..', 'bench')

const less = { figure: 'cpu', better: 'less' }

test('the middle of a list, of an even number the mean of the middle two', async () => {
  const { median } = require('../scripts/median')
  assert.strictEqual(median([10, 9, 100]), 10)
  assert.strictEqual(median([4, 1, 2, 3]), 2.5)
})

test('three digits are shown, without an exponent', async () => {
  const { digits } = await load('lib/statistics.mjs')
  assert.deepStrictEqual([0, 0.00012, 0.5, 0.9999, 1.234, 98.76, 123456.7].map(digits), [
    '0',
    '0.00012',
    '0.500',
    '1.00',
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

test('sides run in turn, and what comes first in one round comes last in the next', async () => {
  const { run } = await load('lib/runner.mjs')
  const order = []
  const cpu = { reference: 10, engine: 5, floor: 4 }
  const round = async (side, memory) => {
    order.push(side)
    if (side === 'engine') memory.seen = (memory.seen || 0) + 1
    return { cpu: cpu[side] * memory.seen || cpu[side] }
  }
  const workload = { name: 'any', sides: Object.keys(cpu), rounds: [2, 1], rows: [less], round }

  const [result] = await run([workload], { onprogress() {} })
  assert.deepStrictEqual(order, ['reference', 'engine', 'floor', 'engine', 'floor', 'reference'])
  assert.deepStrictEqual(result.sides.engine, { median: 7.5, least: 5, most: 10 })
})

test('where all sides run at once, who is first changes from round to round', async () => {
  const { run } = await load('lib/runner.mjs')
  const order = []
  const together = async (referenceFirst) => {
    order.push(referenceFirst)
    return { reference: { cpu: 2 }, engine: { cpu: 1 } }
  }
  const sides = ['reference', 'engine']
  const workload = { name: 'any', sides, rounds: [3, 1], rows: [less], together }

  const [{ ratios }] = await run([workload], { onprogress() {} })
  assert.deepStrictEqual(order, [true, false, true])
  assert.deepStrictEqual(ratios, { reference: 0.5 })
})

test('a target without a figure is missed', async () => {
  const { evaluate } = await load('lib/targets.mjs')
  const must = { atMost: 1, of: 'reference' }
  const judge = (samples) => evaluate({ ...less, must }, samples).must
  assert.deepStrictEqual(judge({ engine: figures(1) }), { ...must, met: false })
  assert.deepStrictEqual(judge({ reference: figures(1), engine: [{}] }), { ...must, met: false })
})

test('the first processor is the first that is allowed', async () => {
  const { firstOf } = await load('lib/affinity.mjs')
  assert.deepStrictEqual(['0', '0,1', '2-3', '12-15,18'].map(firstOf), ['0', '0', '2', '12'])
})

test('a process that died between two questions fails the second one only', async () => {
  const { Child } = await load('lib/child.mjs')
  const child = new Child('ping', { file: 'no-such-package' }, { silent: true })
  await assert.rejects(child.next(), /ping\.mjs ended with 1/)
  await assert.rejects(child.ask({ ms: 1 }), /ping\.mjs ended with 1/)
  await child.end()
})

test('a workload that fails misses its targets, and the others go on', async () => {
  const { run } = await load('lib/runner.mjs')
  const { table } = await load('lib/table.mjs')
  const any = { sides: ['engine'], rounds: [1, 1] }
  const rows = [{ ...less, title: 'CPU', unit: 'µs', must: { atMost: 2 }, aim: { atMost: 1 } }]
  const fails = { ...any, name: 'fails', rows, round: () => Promise.reject(new Error('no luck')) }
  const works = { ...any, name: 'works', rows, round: async () => ({ cpu: 1.5 }) }

  const results = await run([fails, works], { onprogress() {} })
  assert.deepStrictEqual(
    results.map(({ error, must, aim }) => [error, must.met, aim.met]),
    [
      ['no luck', false, false],
      [undefined, true, false]
    ]
  )
  const [, , first, second] = table(results).split('\n')
  assert.strictEqual(
    first,
    '| CPU |  |  |  | failed: no luck | ≤ 2: **missed** | ≤ 1: **missed** |'
  )
  assert.strictEqual(second, '| CPU |  | 1.50 µs (1.50–1.50) |  |  | ≤ 2: met | ≤ 1: **missed** |')
})

test('of each full run a row is kept, the latest first', async () => {
  const { addRun } = await load('lib/runs.mjs')
  const row = (workload, figure, better, reference, met, oneCore = false) => ({
    ...{ workload, figure, better, oneCore, ratios: { reference }, must: { met } }
  })
  const results = [
    row('requests-1kb-one-process', 'rate1', 'more', 1.5, true),
    row('pings-two-processes', 'rate64', 'more', 0.9, false),
    row('pings-two-processes', 'cpu64', 'less', 0.4, true),
    row('queries-100-one-process', 'iterateCpu', 'less', 0.3, true),
    row('user-request', 'cpu', 'less', 0.5, true, true),
    row('boot-2000', 'boot', 'less', 0.1, false)
  ]
  const day = (n) => new Date(Date.UTC(2030, 0, n, 12, 30))
  let text = ''
  for (let n = 1; n <= 20; n++) text = addRun(text, results, `machine ${n}`, day(n))

  const [, , latest, before, ...others] = text.split('\n')
  assert.strictEqual(
    latest,
    '| 2030-01-20 12:30 UTC | machine 20 | 0.900 × | 0.400 × | – / 0.300 / – | – / – / – / – | – / – | – / – / 0.100 | 2, on one core 0 |'
  )
  assert.ok(before.includes('| machine 19 |') && others.length === 10)
})

test('a page is made of what was measured last of each row, on one machine', async () => {
  const { resultsOf, withResults } = await load('lib/record.mjs')
  const { evaluate } = await load('lib/targets.mjs')
  const row = { figure: 'cpu', better: 'less', must: { atMost: 0.6, of: 'reference' } }
  const workloads = ['a', 'b'].map((name) => ({ name, rows: [row] }))
  const measured = (workload, engine, oneCore = false) => {
    const samples = { reference: figures(10), engine: figures(engine) }
    return { workload, ...row, oneCore, ...evaluate(row, samples, { oneCore }) }
  }
  const [monday, tuesday] = [new Date(Date.UTC(2030, 0, 7)), new Date(Date.UTC(2030, 0, 8))]
  const seen = (record) =>
    resultsOf(record, workloads).map(({ workload, date, oneCore, ratios, must }) =>
      [workload, date, oneCore, ratios.reference, must.met].join(' ')
    )

  let record = withResults({ machine: '', rows: {} }, [measured('a', 5)], 'one', monday)
  record = withResults(record, [measured('b', 7), measured('b', 7, true)], 'one', tuesday)
  record = JSON.parse(JSON.stringify(record))
  assert.deepStrictEqual(seen(record), [
    'a 2030-01-07 false 0.5 true',
    'b 2030-01-08 false 0.7 false',
    'b 2030-01-08 true 0.7 true'
  ])
  record = withResults(record, [measured('b', 5)], 'another', tuesday)
  assert.deepStrictEqual(seen(record), ['b 2030-01-08 false 0.5 true'])
})

test('growth is what each doubling adds', async () => {
  const { growthTables, growthChart } = await load('lib/growth-report.mjs')
  const logarithmic = [10, 20, 40].map((n) => [n, only(5 + Math.log2(n / 10))])
  const flat = [10, 20].map((n) => [n, only(7)])
  const sides = { reference: flat, engine: logarithmic }
  const figures = [{ title: 'CPU', unit: 'ms', of: 'nodes', sides }]
  const [, , first, second] = growthTables(figures).split('\n')
  assert.strictEqual(
    first,
    '| CPU | reference | 7.00 ms (7.00–7.00) | 7.00 ms (7.00–7.00) |  | +0 ms (+0 %) | 1.000 | n^0.00 (R² 1.000) |'
  )
  assert.strictEqual(
    second,
    '| CPU | this engine | 5.00 ms (5.00–5.00) | 6.00 ms (6.00–6.00) | 7.00 ms (7.00–7.00) | +1.00 ms (+17 %) | 1.000 | n^0.24 (R² 0.998) |'
  )
  assert.match(growthChart(figures), /^<svg[^]*CPU, ms[^]*<\/svg>\n$/)
})

test('laws are found again', async () => {
  const { logarithm, power } = await load('lib/laws.mjs')
  const sizes = [10, 100, 1000, 8000]
  const { slope, offset, r2 } = logarithm(sizes.map((n) => [n, 3 * Math.log2(n) - 1]))
  assert.deepStrictEqual([slope, offset, r2].map(Math.round), [3, -1, 1])
  const root = sizes.map((n) => [n, 2 * n ** 0.5])
  assert.strictEqual(power(root).exponent, 0.5)
  assert.ok(power(root).r2 > logarithm(root).r2)
})

test('the chart shows what can be compared with the reference', async () => {
  const { evaluate } = await load('lib/targets.mjs')
  const { overview } = await load('lib/overview.mjs')
  const row = (title, engine, oneCore) => {
    const samples = { reference: figures(10), engine: figures(engine) }
    const must = { atMost: 0.5, of: 'reference' }
    const all = { ...less, title, must }
    return { workload: title, ...all, oneCore, ...evaluate(all, samples, { oneCore }) }
  }
  const svg = overview([row('pings', 5, false), row('pings', 8, true), row('spins', 0.01, false)])
  assert.match(svg, /^<svg[^]*pings[^]*<\/svg>\n$/)
  assert.doesNotMatch(svg, /spins/)
})

test('the load and the floor', { skip: lacks('linux') }, async (t) => {
  const { drive, Floor } = await load('lib/load.mjs')
  const { buildLoad } = require('../scripts/load')
  buildLoad()
  const SHORT = { warmUp: 20, ms: 100 }

  await t.test('everything is answered with as many bytes as were asked for', async () => {
    const floor = await Floor.start(123)
    try {
      const { port, pid } = floor
      const result = await drive({ port, pid, request: 'mixed', ...SHORT })
      assert.ok(result.answered > 64)
      assert.strictEqual(result.replyBytes, 123)
      assert.ok(result.cpu > 0 && result.p50 > 0)
      assert.ok(result.p50 <= result.p99 && result.p99 <= result.max)

      const paced = await drive({ port, pid, request: 'ping', rate: 500, ...SHORT })
      assert.ok(paced.answered > 0 && paced.answered <= 60)
    } finally {
      await floor.end()
    }
  })

  for (const bundles of [false, true]) {
    const floorIs = bundles ? 'a floor with bundles' : 'a plain floor'
    await t.test(`a client that bundles is answered by ${floorIs}`, async () => {
      const floor = await Floor.start(123, { bundles })
      try {
        const { port, pid } = floor
        for (const request of ['ping', 'mixed']) {
          const result = await drive({ port, pid, request, bundles: true, ...SHORT })
          assert.ok(result.answered > 64)
          assert.strictEqual(result.replyBytes, 123)
        }
      } finally {
        await floor.end()
      }
    })
  }

  await t.test('what is lost does not stall it', async (t) => {
    const socket = dgram.createSocket('udp4')
    t.after(() => socket.close())
    let received = 0
    socket.on('message', (request, { port, address }) => {
      if (received++ % 2 === 1) return
      request[0] = 0x13
      socket.send(request, port, address)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')

    const { port } = socket.address()
    const result = await drive({ port, pid: process.pid, request: 'user', ...SHORT, ms: 600 })
    assert.ok(result.lost >= 64, 'the first requests have been given up')
    assert.ok(result.answered > 64, 'others have taken their places')
  })
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
  assert.deepStrictEqual([must.atMost, aim.atMost], [0.9, 0.7])
  assert.strictEqual(code, must.met ? 0 : 1)
})

test('a workload or a number that there is not is named, and what there is', async () => {
  const unknown = await bench(['--only', 'ping-served,pong'])
  assert.strictEqual(unknown.code, 2)
  assert.match(unknown.stderr, /no such workload: pong\n/)
  assert.match(unknown.stderr, /workloads: requests-1kb-two-processes requests-32-two-processes /)

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

function only(value) {
  return { median: value, least: value, most: value }
}

function bench(args) {
  return new Promise((resolve) => {
    const file = path.join(BENCH, 'main.mjs')
    execFile(process.execPath, [file, ...args], (err, stdout, stderr) => {
      resolve({ code: err ? err.code : 0, stdout, stderr })
    })
  })
}
