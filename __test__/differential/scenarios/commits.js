'use strict'

const assert = require('assert')

const TARGET = Buffer.alloc(32, 0x5a)
const COMMIT = { target: TARGET, command: 7, value: Buffer.from('value'), commit: 'auto' }

// What follows a lookup: the same request again, with a token, to the closest.
module.exports = {
  'to each of the closest, with its token': async (world) => {
    await world.join(40)
    await world.query(COMMIT)
    await world.answerAll()
    assert.strictEqual(commits(world).length, 20)
    assert.strictEqual(ended(world).outcome, 'Done')
  },

  'some fail: done': async (world) => {
    const peers = await world.join(12)
    await world.query(COMMIT)
    await lookedUp(world)
    for (const peer of peers.slice(0, 11)) peer.silent = true
    await world.answerAll()
    await world.advance(4100)
    assert.strictEqual(ended(world).outcome, 'Done')
  },

  'all fail: the last reason': async (world) => {
    const peers = await world.join(12)
    await world.query(COMMIT)
    await lookedUp(world)
    for (const peer of peers) peer.silent = true
    await world.advance(4100)
    assert.strictEqual(ended(world).outcome, 'CommitFailed(Timeout)')
  },

  'error replies count as done': async (world) => {
    await world.join(12)
    await world.query(COMMIT)
    await world.answerAll((send) => (send.request.token ? { error: 3 } : {}))
    assert.strictEqual(ended(world).outcome, 'Done')
  },

  'a reply without a token counts as failed': async (world) => {
    const [first] = await world.join(12)
    await world.query(COMMIT)
    await world.answerAll(({ to }) => (to === first.address ? { token: null } : {}))
    assert.strictEqual(commits(world).length, 11)
    assert.strictEqual(ended(world).outcome, 'Done')
  },

  'no tokens at all': async (world) => {
    await world.join(12)
    await world.query(COMMIT)
    await world.answerAll(() => ({ token: null }))
    assert.strictEqual(ended(world).outcome, 'CommitFailed(NoToken)')
  },

  'nobody to commit to': async (world) => {
    await world.start()
    await world.query(COMMIT)
    assert.strictEqual(ended(world).outcome, 'TooFewNodes')
  },

  'only nodes without id': async (world) => {
    const peers = await world.join(12)
    for (const peer of peers) peer.anonymous = true
    await world.query(COMMIT)
    await world.answerAll()
    assert.strictEqual(ended(world).outcome, 'TooFewNodes')
  },

  'four tries, with retries of the query another number': async (world) => {
    const peers = await world.join(3)
    await world.query({ ...COMMIT, retries: 0 })
    await lookedUp(world)
    for (const peer of peers) peer.silent = true
    await world.advance(4100)
    assert.strictEqual(commits(world).length, 12)
  },

  'not in the session of the query': async (world) => {
    await world.join(3)
    await world.query({ ...COMMIT, session: 1 })
    await lookedUp(world)
    await world.play({ op: 'session-destroy', session: 1 })
    await world.answerAll()
    assert.strictEqual(ended(world).outcome, 'Done')
  },

  'a function of the user is called for each': async (world) => {
    await world.join(12)
    await world.query({ ...COMMIT, commit: 'user' })
    await world.answerAll()
    assert.strictEqual(world.told('commit').length, 12)
  },

  'of findNode it is a user command, too': async (world) => {
    await world.join(5)
    await world.query({ target: TARGET, commit: 'auto' })
    await world.answerAll(() => ({ token: Buffer.alloc(32, 1) }))
    assert.strictEqual(commits(world).length, 5)
  },

  'the node is destroyed meanwhile': async (world) => {
    await world.join(12)
    await world.query(COMMIT)
    await lookedUp(world)
    await world.play({ op: 'destroy' })
    assert.strictEqual(ended(world).outcome, 'CommitFailed(Destroyed)')
  },

  'the node is suspended meanwhile': async (world) => {
    await world.join(12)
    await world.query(COMMIT)
    await lookedUp(world)
    await world.play({ op: 'suspend' })
    assert.strictEqual(ended(world).outcome, 'CommitFailed(Suspended)')
  }
}

function lookedUp(world) {
  return world.answerAll(({ request }) => request.token === null && {})
}

function commits(world) {
  return world.trace.filter(({ request }) => request && request.token !== null)
}

function ended(world) {
  return world.told('end')[0].end
}
