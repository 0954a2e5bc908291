// slow: it floods a node until the system drops datagrams

const test = require('node:test')
const assert = require('node:assert')
const { fork } = require('node:child_process')
const path = require('node:path')
const { lacks } = require('../scripts/needs')
const { natives } = require('./helpers/packages')
const { COMMANDS, encodeAddress, encodeRequest } = require('./helpers/wire')
const { once, until } = require('./helpers/until')
const { idOf } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const BURST = 8000 // of 1200 bytes: more than any receive buffer that a node asks for
const PINGS = 20000 // the same
const ROUNDS = 60

// Other systems do not tell what they drop.
const needsDrops = { skip: lacks('linux') }
// Of a small buffer too little is left when it is nearly full.
const needsRoom = { skip: lacks('large receive buffers') }

for (const { name, path: entry } of natives) {
  test(`${name}: who is silent stays while the system drops datagrams`, needsDrops, async (t) => {
    const outcome = async (floodGrace) => {
      const node = await StoppableNode.create(t, entry, { floodGrace })
      const silent = await RawPeer.create(t)
      const [asker, flooder] = [await RawPeer.create(t), await RawPeer.create(t)]
      const ping = { internal: true, command: COMMANDS.PING }
      await silent.request({ ...ping, id: idOf(silent.address) }, node.address)
      assert.deepStrictEqual(await node.state(), { known: 1, spared: 0, shed: 0 })
      silent.serve(() => null)

      // That many are lost is seen from the second round on.
      for (let round = 0; round < ROUNDS; round++) {
        await node.flood(flooder)
        if (round > 2) {
          const value = encodeAddress(silent.address)
          await asker.request({ internal: true, command: COMMANDS.DOWN_HINT, value }, node.address)
        }
        const { known, spared } = await node.state()
        if (known === 0 || spared > 0) return { known, spared }
      }
      return null
    }
    assert.deepStrictEqual(await outcome(true), { known: 1, spared: 1 })
    assert.deepStrictEqual(await outcome(false), { known: 0, spared: 0 })
  })

  test(`${name}: who sends more than can be answered is heard less`, needsRoom, async (t) => {
    const dropped = async (loadShedding) => {
      const node = await StoppableNode.create(t, entry, { loadShedding, hostBudget: false })
      const loud = await RawPeer.create(t)
      const quiet = await RawPeer.create(t, { host: '127.0.0.2' })
      const to = node.address
      const ping = encodeRequest({ tid: 1, to, internal: true, command: COMMANDS.PING })
      const shout = (times) => Promise.all(Array.from({ length: times }, () => loud.send(ping, to)))
      node.stop()
      await shout(500)
      await quiet.send(ping, to)
      await shout(PINGS)
      node.go()
      await until(() => quiet.received.length > 0, 'the quiet one is answered')
      const { known, shed } = await node.state()
      assert.strictEqual(known, 0)
      return shed
    }
    assert.ok((await dropped(true)) > 0)
    assert.strictEqual(await dropped(false), 0)
  })
}

// A node in a process that is stopped while it is sent more than its socket can hold.
class StoppableNode {
  static async create(t, entry, protections) {
    const file = path.join(__dirname, 'helpers', 'stoppable-node.js')
    const child = fork(file, [entry, JSON.stringify(protections)])
    t.after(() => child.kill('SIGKILL'))
    const [address] = await once(child, 'message')
    return new StoppableNode(child, address)
  }

  constructor(child, address) {
    this.address = address
    this._child = child
  }

  async state() {
    this._child.send('state')
    const [state] = await once(this._child, 'message')
    return state
  }

  stop() {
    this._child.kill('SIGSTOP')
  }

  go() {
    this._child.kill('SIGCONT')
  }

  // Returns when it answers again. Until it reads, a ping may be lost as well.
  async flood(from) {
    const to = this.address
    const noise = Buffer.alloc(1200, 0xff)
    const ping = encodeRequest({ tid: 1, to, internal: true, command: COMMANDS.PING })
    this.stop()
    await Promise.all(Array.from({ length: BURST }, () => from.send(noise, to)))
    this.go()
    from.received.length = 0
    await until(async () => {
      await from.send(ping, to)
      return from.received.length > 0
    }, 'the node answers again')
  }
}
