const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const FakeMachine = require('./helpers/fake-machine')
const { lacks } = require('../scripts/needs')
const { isFast, javascriptTests, rustTests } = require('../scripts/testing/files')
const { all, fast } = require('../scripts/testing/steps')

const TOOLS = ['cc', 'ip', 'mount', 'nft', 'nsenter', 'prlimit', 'setpriv', 'sysctl', 'unshare']
const NEEDS = "require('./scripts/needs')"
const NO_NFT = 'nft is not in PATH (Debian: nftables)'
const skip = lacks('linux')

test('a program that is missing is named, with its package', { skip }, (t) => {
  const machine = new FakeMachine(t).add(TOOLS)
  const look = () => {
    return machine.evaluate(`(({ lacks, isExcused, missingPackages }) => {
      const lacking = [lacks('namespaces', 'cc'), lacks('nat')]
      return { lacking, excused: lacking.map(isExcused), packages: missingPackages() }
    })(${NEEDS})`)
  }
  const nothing = { lacking: [false, false], excused: [false, false], packages: [] }
  assert.deepStrictEqual(look(), nothing)

  machine.remove('nft')
  assert.deepStrictEqual(look(), { ...nothing, lacking: [false, NO_NFT], packages: ['nftables'] })

  // What no package gives is an excuse.
  machine.add(['unshare'], 'exit 1').add(['nft'])
  const { lacking, excused, packages } = look()
  assert.match(lacking[0], /no namespaces/)
  assert.deepStrictEqual([lacking[1], excused, packages], [lacking[0], [true, true], []])
})

test('a mistake in the rules of a probe is no excuse', { skip }, (t) => {
  const machine = new FakeMachine(t).add(TOOLS)
  machine.add(['unshare'], 'case "$*" in *" nft "*) echo "Error: syntax error" >&2; exit 1; esac')
  assert.strictEqual(machine.evaluate(`${NEEDS}.lacks('namespaces')`), false)
  assert.throws(() => machine.evaluate(`${NEEDS}.lacks('nat')`), /syntax error/)
})

const SKIPS = `
test('of a program', { skip: ${JSON.stringify(NO_NFT)} }, () => {})
test('in the midst', (t) => t.skip('no time'))
test('for no reason', (t) => t.skip())
test('to do', { todo: 'later' }, () => {})
test('outer', (t) => t.test('inner', { skip: 'too deep' }, () => {}))
`
const EXCUSED = `test('of the system', { skip: 'Windows limits no descriptors' }, () => {})`

test('npm test names what it skipped, and what to install', { skip }, (t) => {
  const machine = new FakeMachine(t).add(TOOLS).remove('nft')
  const { passed, said } = play(t, machine, SKIPS + EXCUSED, { noSkips: false })
  assert.strictEqual(passed, true)
  assert.match(said, /\nSkipped: 6 tests\n/)
  assert.ok(said.includes(`\n  ${NO_NFT}\n`))
  for (const name of ['of a program', 'in the midst', 'for no reason', 'to do', 'inner']) {
    assert.match(said, new RegExp(`^ +\\S*planted\\.test\\.js: ${name}$`, 'm'))
  }
  assert.match(said, /\nTo run them: apt-get update && apt-get install nftables\n/)
})

test('in CI each of them is a failure', { skip }, (t) => {
  const machine = new FakeMachine(t).add(TOOLS)
  const { passed, said } = play(t, machine, SKIPS + EXCUSED, { noSkips: true })
  assert.strictEqual(passed, false)
  assert.match(said, /\n5 of the skips below have no excuse/)
  assert.match(said, /\nFAIL .* No test was skipped\n/)
  assert.doesNotMatch(said, /To run them/)
})

test('in CI what has an excuse is none, and is named', { skip }, (t) => {
  const machine = new FakeMachine(t).add(TOOLS)
  const { passed, said } = play(t, machine, EXCUSED, { noSkips: true })
  assert.strictEqual(passed, true, said)
  assert.match(said, /\nok .* No test was skipped\n/)
  assert.ok(said.includes('\nSkipped: 1 test\n  Windows limits no descriptors\n'))
})

test('in CI tests of which nothing is known have failed', { skip }, (t) => {
  const machine = new FakeMachine(t).add(TOOLS)
  const { passed, said } = play(t, machine, null, { noSkips: true })
  assert.strictEqual(passed, false)
  assert.match(said, /says of no test that it ran/)
})

test('a step that the machine cannot take is named, and no failure', { skip }, (t) => {
  const step = { name: 'firewall', command: 'exit 1', needs: 'nft' }
  const lacking = run(t, new FakeMachine(t), [step], { noSkips: false })
  assert.strictEqual(lacking.passed, true)
  assert.match(lacking.said, /\nskip .* firewall: nft is not in PATH/)
  assert.strictEqual(run(t, new FakeMachine(t).add(TOOLS), [step], {}).passed, false)
})

test('npm test runs all test files, npm run check those that are not slow', () => {
  const [whole, part] = [all(), fast()].map((steps) => steps.map(({ command }) => command).join())
  const slow = (file) => !isFast(file)
  const tests = javascriptTests()
  assert.ok(tests.includes(path.join('__test__', path.basename(__filename))))
  assert.ok(tests.some(slow) && tests.some(isFast))
  for (const file of tests) {
    assert.ok(whole.includes(file))
    assert.strictEqual(part.includes(file), isFast(file), file)
  }
  const crates = rustTests()
  assert.ok(crates.some(slow) && crates.some(isFast))
  for (const file of crates) {
    const { dir, name } = path.parse(file)
    const target = ` --test ${name === 'main' ? path.basename(dir) : name}`
    assert.strictEqual(part.includes(target), isFast(file), file)
  }
})

// A file of such tests.
function play(t, machine, tests, options) {
  const folder = temporary(t)
  const file = path.join(folder, 'planted.test.js')
  const records = path.join(folder, 'records')
  const source = `const test = require('node:test')\ntest('holds', () => {})\n${tests}`
  fs.writeFileSync(file, source)
  const { nodeTest } = require('../scripts/testing/steps')
  const command = tests === null ? 'node --version' : nodeTest([file], '', records)
  return run(t, machine, [{ name: 'planted', command }], options, records)
}

function run(t, machine, steps, options, records = path.join(temporary(t), 'records')) {
  const source = `
    const Runner = require('./scripts/testing/runner')
    const runner = new Runner(${JSON.stringify(records)}, ${JSON.stringify(options)})
    console.log('passed:', runner.run(${JSON.stringify(steps)}))`
  const { stdout, stderr } = machine.run('node', '-e', source)
  assert.strictEqual(stderr, '')
  return { passed: /passed: true\n$/.test(stdout), said: stdout }
}

function temporary(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skips-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  return folder
}
