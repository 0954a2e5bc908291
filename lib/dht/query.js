'use strict'

const { Readable, getStreamError, scheduleReally } = require('../crossing/streams')
const native = require('../crossing/native')
const environment = require('../crossing/environment')
const ClosestReplies = require('./closest-replies')
const Cancellation = require('./cancellation')
const Session = require('./session')
const Slab = require('../crossing/slab')
const check = require('../common/check')
const DHTError = require('../common/errors')
const asyncDispose = require('../common/async-dispose')
const { MAX_RECORD } = require('../crossing/record')
const { parseIPv4 } = require('../common/address')
const { field, replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')
const { abortError } = require('./abort-signals')
const { packQuery } = require('./query-packer')

const K = 20
const RETRIES = 5
const OBJECT = 1024 // what streamx counts an object for
const HIGH_WATER_MARK = 16 * OBJECT

const FORCE = 4
const ONLY_CLOSEST_NODES = 8
const ROWS = 16
const FROM_REPLIES = 64
const THOROUGH = 128

const NO_OPTIONS = {}
const COMMITS = { NONE: 0, AUTO: 1, OWN: 2 }
const OUTCOMES = { TOO_FEW_NODES: 1, COMMIT_FAILED: 2, NODE_DESTROYED: 3 }

const state = new Slab(MAX_RECORD) // shared: it is read as soon as it is written

const FIELDS = {
  concurrency: field(
    function () {
      return this._concurrency
    },
    function (concurrency) {
      const { query } = internalsOf(this)
      query._concurrency = checkConcurrency(concurrency)
      if (!query._ended)
        native.queryConcurrency(
          internalsOf(query.dht).flushed(),
          internalsOf(query).number,
          concurrency
        )
    }
  ),
  successes: known('successes'),
  errors: known('errors'),
  inflight: known('inflight'),
  // Nearest first, at most k; changes until the end.
  closestReplies: replaceable('closestReplies', function () {
    const { query, replies } = internalsOf(this)
    query._readState()
    return replies.closest
  })
}

// A lookup as a stream of replies. The engine runs it; what crosses to here are the rows that
// somebody reads.
module.exports = class Query extends Readable {
  constructor(dht, target, internal, command, value, opts) {
    super()
    scheduleReally(this)

    if (!opts) opts = {}
    checkOptions(opts)

    this.dht = dht
    this.k = K
    this.target = check.bytes32(target, 'target', 'ERR_INVALID_TARGET')
    this.internal = internal
    this.command = check.command(command)
    this.value = check.value(value)
    this.force = !!opts.force
    this.map = opts.map || echo
    this.retries = opts.retries === 0 ? 0 : opts.retries || RETRIES

    this._concurrency = checkConcurrency(opts.concurrency || dht.concurrency)
    this._commit = opts.commit || null
    this._successes = 0
    this._errors = 0
    this._inflight = 0
    this._stateTurn = -1
    this._rows = !!opts.map
    this._follows = this._rows
    this._room = 0
    this._opened = false
    this._ended = false
    this._failure = null
    // Rows that nobody had read when it was given up; null: it was not.
    this._left = null
    hide(this, {
      query: this,
      replies: new ClosestReplies(),
      group: Session.groupOf(opts.session),
      cancellation: Cancellation.of(opts),
      number: 0 // by which the binding knows it
    })

    if (this.value !== null) {
      const hasId = !dht.ephemeral && !dht.firewalled
      check.requestFits(this.value, hasId, this._commit === true, command, true)
    }
    Object.defineProperties(this, FIELDS)
    this._asks = this._asksNow()
    this.on('newListener', onlistener)
    this._begin(internalsOf(dht).queries, opts)
  }

  get closestNodes() {
    const { query, replies } = internalsOf(this)
    query._readState()
    return replies.senders
  }

  finished() {
    return new Promise((resolve, reject) => {
      if (this.destroyed) return settle(getStreamError(this), resolve, reject)

      let error = null
      const onerror = (err) => {
        error = err
      }

      this.resume()
      this.on('error', onerror)
      this.once('close', () => {
        this.removeListener('error', onerror)
        settle(error, resolve, reject)
      })
    })
  }

  pipe(dest, cb) {
    this._readRows()
    return super.pipe(dest, cb)
  }

  read() {
    if (this._left !== null) return this._left.length > 0 ? this._left.shift() : null
    this._readRows()
    return super.read()
  }

  // Of one that was given up: what had come in by then, and then why.
  [Symbol.asyncIterator]() {
    const rows = super[Symbol.asyncIterator]()
    if (internalsOf(this).cancellation === null) return rows
    const { next } = rows
    rows.next = async () => {
      if (this._left === null) return next()
      if (this._left.length > 0) return { value: this._left.shift(), done: false }
      throw getStreamError(this)
    }
    return rows
  }

  // Resolves when it is closed. That it failed, its reader is told.
  [asyncDispose]() {
    return new Promise((resolve) => {
      if (this.destroyed) return resolve()
      this.once('close', resolve)
      this.destroy()
    })
  }

  // A row: a reply without error.
  _onrow(slab, at, words, i) {
    this._onprogress(words, i)
    const { replies } = internalsOf(this)
    const reply = replies.read(slab, at, internalsOf(this.dht).observers)
    if (reply.from.id !== null) replies.insert(reply, this.target, this.k)
    if (this._room > 0) this._room--
    if (this._ended || this.destroying) return

    let full = false
    try {
      const data = this.map(reply)
      full = !!data && !this._ended && this.push(data) === false
    } finally {
      if (full) internalsOf(this.dht).queries.unhold(this)
      else this._demand()
    }
  }

  // While rows are read, what is seen of the query advances with them.
  _onprogress(words, i) {
    this._successes = words[i]
    this._errors = words[i + 1]
    this._inflight = words[i + 2]
  }

  // The lookup is over, the rest is ours: a function of the user's commits.
  _oncommit(slab, at, end, count, successes, errors) {
    if (this._ended) return
    this._end(slab, at, end, count, successes, errors)
    if (this.destroying) return
    if (count === 0) return this.destroy(DHTError.TOO_FEW_NODES(successes, count))
    if (this.dht.destroyed) return this.destroy(DHTError.NODE_DESTROYED())
    const { cancellation } = internalsOf(this)
    if (cancellation !== null) cancellation.keep(this)

    let pending = count
    let done = 0
    const ondone = () => {
      done++
      if (--pending === 0) this.push(null)
    }
    const onfailed = (err) => {
      if (--pending > 0) return
      if (done > 0) this.push(null)
      else this.destroy(err)
    }
    for (const reply of [...this.closestReplies]) this._commitTo(reply).then(ondone, onfailed)
  }

  _onend(slab, at, end, count, successes, errors, outcome, reason) {
    if (this._ended) return
    this._end(slab, at, end, count, successes, errors)
    if (this.destroying || !this._opened) return

    switch (outcome) {
      case OUTCOMES.TOO_FEW_NODES:
        return this.destroy(DHTError.TOO_FEW_NODES(successes, count))
      case OUTCOMES.COMMIT_FAILED:
        return this.destroy(DHTError.fromNumber(reason))
      case OUTCOMES.NODE_DESTROYED:
        return this.destroy(DHTError.NODE_WAS_DESTROYED())
      default:
        this.push(null)
    }
  }

  // The node is of no use any more, before the query was over. Whoever reads it later is told then.
  _onabort(err) {
    if (this._ended) return
    this._ended = true
    this._failure = err
    if (this._opened) this.destroy(err)
  }

  _read(cb) {
    const first = !this._opened
    this._opened = true
    if (first && this._failure !== null) this.destroy(this._failure)
    else if (first && this.dht.destroyed) this.destroy(DHTError.NODE_WAS_DESTROYED())
    else this._demand(first)
    cb(null)
  }

  _destroy(cb) {
    this._readState()
    const { replies, group, cancellation } = internalsOf(this)
    // What was in flight goes with the query, unless the session is the user's.
    if (!this._ended && group === null) this._dropInflight()
    this._ended = true
    replies.end()
    if (cancellation !== null) cancellation.end()
    internalsOf(this.dht).queries.remove(this)
    cb(null)
  }

  _begin(queries, opts) {
    const { cancellation } = internalsOf(this)
    if (cancellation !== null && cancellation.isAborted) return this._cut(cancellation.reason)
    internalsOf(this).number = queries.add(this, this._pack(opts), cancellation)
    if (cancellation === null || this._failure !== null) return
    // Who forgets the query leaves it to the garbage collector.
    const ref = new WeakRef(this)
    cancellation.start(internalsOf(this.dht).alarms, (err) => {
      const query = ref.deref()
      if (query !== undefined) query._cut(err)
    })
  }

  // It is given up. Nobody reads it yet: whoever does later is told.
  _cut(err) {
    if (this.destroying) return
    this._readState()
    if (!this._ended) this._dropInflight()
    this._ended = true
    internalsOf(this.dht).queries.cancel(this)
    this._left = []
    while (this._readableState.buffered > 0) this._left.push(this._readableState.shift())
    if (!this._opened) this.on('error', noop)
    this.destroy(err || abortError(err))
  }

  _dropInflight() {
    this._errors += this._inflight
    this._inflight = 0
  }

  // Lets the engine go on, for as many rows as the stream has room for. Not for every single row
  // that was read.
  _demand(first) {
    if (this._ended || this.destroying) return
    internalsOf(this.dht).queries.hold(this)

    const room = Math.ceil((HIGH_WATER_MARK - this._readableState.buffered) / OBJECT)
    if (this._room > room / 2) return
    this._room = room
    try {
      this._followFields()
    } catch (err) {
      return this.destroy(err)
    }
    const handle = internalsOf(this.dht)
    if (!first) return native.queryDemand(handle.flushed(), internalsOf(this).number, room)
    native.queryOpen(handle.flushed(), internalsOf(this).number, room)
    handle.changed()
  }

  // They may be written, and rule what is asked from the next visit on.
  _followFields() {
    if (this.map !== echo) this._readRows()
    const asks = this._asksNow()
    if (asks.every((value, i) => value === this._asks[i])) return
    check.bytes32(this.target, 'target', 'ERR_INVALID_TARGET')
    check.command(this.command)
    check.value(this.value)
    this._asks = asks
    native.queryChange(
      internalsOf(this.dht).flushed(),
      internalsOf(this).number,
      this._pack(NO_OPTIONS)
    )
  }

  _asksNow() {
    const { target, internal, command, value, force, retries } = this
    return [target, internal, command, value, force, retries]
  }

  _readRows() {
    if (this._rows) return
    this._rows = true
    if (this._ended) return
    native.queryRows(internalsOf(this.dht).flushed(), internalsOf(this).number, true)
    if (this._opened) this._readState()
    this._follows = true
  }

  _readState() {
    if (this._ended || this._follows) return
    const turn = environment.turn()
    if (this._stateTurn === turn) return
    this._stateTurn = turn

    if (
      native.queryRead(internalsOf(this.dht).flushed(), internalsOf(this).number, state.bytes) === 0
    )
      return
    this._successes = state.words[0]
    this._errors = state.words[1]
    this._inflight = state.words[2]
    internalsOf(this).replies.readClosest(state, 16, state.words[3])
  }

  _end(slab, at, end, count, successes, errors) {
    internalsOf(this).replies.keepClosest(slab, at, count, end)
    this._successes = successes
    this._errors = errors
    this._inflight = 0
    this._ended = true
    internalsOf(this.dht).queries.unhold(this)
  }

  async _commitTo(reply) {
    if (this.dht.destroyed) throw DHTError.NODE_DESTROYED()
    return this._commit(reply, this.dht, this)
  }

  _pack(opts) {
    const { group } = internalsOf(this)
    const session = group === null ? 0 : group.numberAt(internalsOf(this.dht))
    const commit = this._commit === true ? COMMITS.AUTO : this._commit ? COMMITS.OWN : COMMITS.NONE
    const flags =
      (this.internal ? 1 : 0) |
      (this.force ? FORCE : 0) |
      (opts.onlyClosestNodes ? ONLY_CLOSEST_NODES : 0) |
      (this._rows ? ROWS : 0) |
      (opts.thorough ? THOROUGH : 0) |
      (opts.nodes || opts.closestNodes ? 0 : FROM_REPLIES)
    return packQuery(this, flags, commit, session, givenNodes(opts))
  }
}

function known(name) {
  return replaceable(name, function () {
    const { query } = internalsOf(this)
    query._readState()
    return query[`_${name}`]
  })
}

function checkOptions({ retries, map, commit, thorough }) {
  if (retries) check.integer(retries, 'retries', 0, 255)
  check.option(!map || typeof map === 'function', 'map', 'a function', map)
  const known = !commit || commit === true || typeof commit === 'function'
  check.option(known, 'commit', 'true or a function', commit)
  const given = thorough !== undefined && thorough !== null
  check.option(!given || typeof thorough === 'boolean', 'thorough', 'true or false', thorough)
}

function checkConcurrency(concurrency) {
  return check.integer(concurrency, 'concurrency', 1, 0xffffffff)
}

function givenNodes(opts) {
  const nodes = opts.nodes || opts.closestNodes
  if (nodes) return list(nodes, 'nodes', contact)
  const replies = opts.replies || opts.closestReplies
  return replies ? list(replies, 'replies', sender) : null
}

function list(given, field, of) {
  const isList = typeof given === 'object' && (Symbol.iterator in given || given.length >= 0)
  check.option(isList, field, 'an array', given)
  return Array.from(given, (member, i) => of(member, `${field}[${i}]`)).filter(isUsable)
}

function sender(reply, field) {
  return contact(check.object(reply, field).from, field)
}

function contact(node, field) {
  const { id, host, port } = check.object(node, field)
  return {
    ip: parseIPv4(host),
    port,
    id: check.optionalBytes32(id, `${field}.id`, 'ERR_INVALID_ID')
  }
}

// Nobody can be asked elsewhere. Such addresses come from peers.
function isUsable({ ip, port }) {
  return ip !== -1 && check.isPort(port)
}

function onlistener(name) {
  if (name === 'data' || name === 'readable') this._readRows()
}

function settle(error, resolve, reject) {
  if (error) reject(error)
  else resolve()
}

function echo(reply) {
  return reply
}

function noop() {}
