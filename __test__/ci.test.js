const test = require('node:test')
const assert = require('node:assert')
const FakeMachine = require('./helpers/fake-machine')
const { lacks } = require('../scripts/needs')

const TOOLS = ['cc', 'ip', 'mount', 'nft', 'nsenter', 'prlimit', 'setpriv', 'sysctl', 'unshare']
const ROOT = 'echo 0'
const ANYBODY = 'echo 1000'
const skip = lacks('linux')

test('.ci/run installs nothing where all is there', { skip }, (t) => {
  const machine = create(t, ROOT)
  const { status } = machine.run('bash', '.ci/run')
  assert.strictEqual(status, 0)
  assert.deepStrictEqual(machine.calls('apt-get'), [])
  assert.deepStrictEqual(machine.calls('npm'), ['npm test', 'npm with NO_SKIPS=1'])
})

test('.ci/run installs the packages that are missing, and only those', { skip }, (t) => {
  const machine = create(t, ROOT).remove('nft').remove('cc')
  const { status } = machine.run('bash', '.ci/run')
  assert.strictEqual(status, 0)
  assert.deepStrictEqual(machine.calls('apt-get'), [
    'apt-get update',
    'apt-get noninteractive',
    'apt-get install -y --no-install-recommends gcc libc6-dev nftables',
    'apt-get noninteractive'
  ])
  assert.deepStrictEqual(machine.calls('npm'), ['npm test', 'npm with NO_SKIPS=1'])
})

test('.ci/run says what to do when it may not install, or cannot', { skip }, (t) => {
  const machines = { user: create(t, ANYBODY), other: create(t, ROOT).remove('apt-get') }
  for (const [name, machine] of Object.entries(machines)) {
    const { status, stderr } = machine.remove('nft').run('bash', '.ci/run')
    assert.strictEqual(status, 1, name)
    assert.match(stderr, /apt-get update && apt-get install -y nftables\n/)
    assert.deepStrictEqual(machine.calls('apt-get'), [])
    assert.deepStrictEqual(machine.calls('npm'), [])
  }
})

test('.ci/run fails when packages cannot be had', { skip }, (t) => {
  const machine = create(t, ROOT).remove('nft').add(['apt-get'], 'exit 100')
  const { status } = machine.run('bash', '.ci/run')
  assert.strictEqual(status, 100)
  assert.deepStrictEqual(machine.calls('npm'), [])
})

function create(t, id) {
  return new FakeMachine(t)
    .add([...TOOLS, 'cargo', 'rustup'])
    .add(['id'], id)
    .add(['npm'], 'echo "npm with NO_SKIPS=$NO_SKIPS" >> "$CALLS"')
    .add(['apt-get'], 'echo "apt-get $DEBIAN_FRONTEND" >> "$CALLS"')
}
