'use strict'

const b4a = require('b4a')
const report = require('./report')

// The calls that a command can ask for, made on the reference.
class ReferenceCalls {
  constructor(reference) {
    this._reference = reference
    this._dht = reference.dht
    this._incoming = []
    this._queries = new Map()
    this._sessions = new Map()
  }

  async call(command) {
    const dht = this._dht
    switch (command.op) {
      case 'receive':
        return this._receive(command)
      case 'ping':
        return this._settle(command, (to, options) => dht.ping(to, options))
      case 'delayed-ping':
        return this._settle(command, (to, options) => dht.delayedPing(to, command.delay, options))
      case 'request':
        return this._settle(command, (to, options) => dht.request(message(command), to, options))
      case 'query':
        return this._query(command)
      case 'read':
        return this._read(command.query)
      case 'query-destroy':
        return this._queryDestroy(command.query)
      case 'session-destroy':
        return this._session(command.session).destroy()
      case 'reply':
        return this._reply(command)
      case 'relay':
        return this._relay(command)
      case 'update-network-state':
        return void dht._updateNetworkState(command.onlyFirewall).then((changed) => {
          this._reference.tell('network-state', { changed })
        })
      case 'add-node':
        return dht.addNode(report.parse(command.node))
      case 'nat-add':
        return this._natAdd(command)
      case 'tick':
        return dht._ontick()
      case 'refresh':
        return dht.refresh()
      case 'wakeup':
        return dht._onwakeup()
      case 'set':
        return this._set(command)
      case 'suspend':
        return dht.suspend()
      case 'resume':
        return dht.resume()
      case 'destroy':
        return dht.destroy()
      default:
        throw new Error(`There is no command ${command.op}`)
    }
  }

  incoming(request) {
    this._incoming.push(request)
    this._reference.tell('request', report.request(request))
  }

  _receive({ socket, from, hex }) {
    const datagram = b4a.from(hex, 'hex')
    const rinfo = report.parse(from)
    if (!socket.startsWith('foreign')) {
      this._reference.udx.receive(socket, datagram, rinfo)
      return
    }
    this._dht.onmessage(this._socket(socket), datagram, rinfo)
  }

  _settle(command, ask) {
    const { user } = command
    const options = {
      retry: command.retry ?? true,
      ttl: command.ttl ?? 0,
      size: command.size,
      socket: command.socket && this._socket(command.socket),
      session: this._session(command.session)
    }
    ask(report.parse(command.to), options).then(
      (reply) => this._reference.tell('settled', { user, reply: report.reply(reply) }),
      (error) => this._reference.tell('settled', { user, error: report.errorName(error) })
    )
  }

  _query(command) {
    const number = command.query
    const target = b4a.from(command.target, 'hex')
    const query =
      command.command === undefined
        ? this._dht.findNode(target, this._queryOptions(command))
        : this._dht.query(message(command), this._queryOptions(command))
    let failure = null
    this._queries.set(number, { query, dropped: false })
    if (query.internal) this._reference.lookingFor(query, target)
    query.on('error', (error) => {
      failure = error
    })
    query.on('close', () => {
      if (this._queries.get(number).dropped) return
      this._reference.tell('end', { query: number, end: report.end(query, failure) })
    })
    if (command.read !== false) this._read(number)
  }

  _queryOptions(command) {
    const { concurrency, retries, force, onlyClosestNodes } = command
    const options = { concurrency, retries, force, onlyClosestNodes }
    options.nodes = command.nodes?.map(report.parse)
    options.session = this._session(command.session)
    options.commit = command.commit === 'auto'
    if (command.commit === 'user') {
      options.commit = async ({ from }) => {
        this._reference.tell('commit', { query: command.query, to: report.address(from) })
      }
    }
    return options
  }

  _read(number) {
    this._queries.get(number).query.on('data', (reply) => {
      this._reference.tell('row', { query: number, reply: report.reply(reply) })
    })
  }

  _queryDestroy(number) {
    const entry = this._queries.get(number)
    entry.dropped = true
    entry.query.destroy()
  }

  _reply(command) {
    const request = this._incoming[command.incoming]
    const options = { token: command.token, closerNodes: command.closerNodes }
    if (command.to) options.to = report.parse(command.to)
    if (command.socket) options.socket = this._socket(command.socket)
    if (command.error) request.error(command.error, options)
    else request.reply(bytes(command.value), options)
  }

  _relay(command) {
    const options = command.socket ? { socket: this._socket(command.socket) } : {}
    const request = this._incoming[command.incoming]
    request.relay(bytes(command.value), report.parse(command.to), options)
  }

  _natAdd({ address }) {
    const { host, port } = report.parse(address)
    this._dht._natAdd(host, port)
  }

  _set({ tick, refreshTicks, stableTicks }) {
    if (tick !== undefined) this._dht._tick = tick
    if (refreshTicks !== undefined) this._dht._refreshTicks = refreshTicks
    if (stableTicks !== undefined) this._dht._stableTicks = stableTicks
  }

  _session(number) {
    if (number === undefined) return undefined
    if (!this._sessions.has(number)) this._sessions.set(number, this._dht.session())
    return this._sessions.get(number)
  }

  _socket(name) {
    const { udx } = this._reference
    return udx.sockets[name] ?? udx.foreignSocket(name)
  }
}

function message({ token, command, target, value }) {
  return { token: bytes(token), command, target: bytes(target), value: bytes(value) }
}

function bytes(hex) {
  return hex === undefined || hex === null ? null : b4a.from(hex, 'hex')
}

module.exports = ReferenceCalls
