const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { groupOfPids } = require('../../scripts/needs')

const CHILD = path.join(__dirname, 'limited-child.js')
const ENOUGH = 64 // threads

let made = 0

// The limit on what a user may run, for one that nobody else is. Root is not held to it.
class UserLimit {
  static needs = 'other users'

  constructor() {
    this.uid = newUid()
  }

  add() {}

  set(pid, threads) {
    const args = ['prlimit', '--pid', String(pid), `--nproc=${threads}:`]
    execFileSync('setpriv', [...asUser(this.uid), ...args])
  }

  remove() {}
}

// The limit of a control group, which holds for root as well.
class GroupLimit {
  static needs = 'control groups'

  constructor() {
    this.uid = null
    this._folder = path.join(groupOfPids(), `dht-rpc-${process.pid}-${made++}`)
    fs.mkdirSync(this._folder)
  }

  add(pid) {
    fs.writeFileSync(this._file('cgroup.procs'), String(pid))
  }

  set(pid, threads) {
    fs.writeFileSync(this._file('pids.max'), String(threads))
  }

  remove() {
    fs.rmdirSync(this._folder)
  }

  _file(name) {
    return path.join(this._folder, name)
  }
}

// A process with the package at `file`, which starts no more threads than it is told.
class LimitedProcess {
  // within: the program and its arguments that run it in turn.
  static async start(t, Limit, file, within = []) {
    const child = new LimitedProcess(new Limit(), file, within)
    t.after(() => child._end())
    const said = await child._said()
    if (said !== 'ready') throw new Error(`${said}\n${child.stderr}`)
    return child
  }

  constructor(limit, file, within) {
    const uid = limit.uid === null ? [] : [String(limit.uid)]
    const [program, ...args] = [...within, process.execPath, CHILD, file, ...uid]
    this.stderr = ''
    this._limit = limit
    this._process = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    this._process.stderr.on('data', (data) => (this.stderr += data))
    // The event 'close' does not come to who disconnects.
    this._ended = Promise.all([once(this._process, 'exit'), once(this._process.stderr, 'close')])
    this._limit.add(this._process.pid)
  }

  get pid() {
    return this._process.pid
  }

  // It may start so many threads more than it has.
  allow(more) {
    const status = fs.readFileSync(`/proc/${this.pid}/status`, 'utf8')
    this._limit.set(this.pid, Number(/^Threads:\s*(\d+)/m.exec(status)[1]) + more)
  }

  allowEnough() {
    this.allow(ENOUGH)
  }

  // Runs the body of an async function there: { value }, or what it threw, { code, message }.
  run(body) {
    this._process.send(body)
    return this._said()
  }

  // It ends by itself. What it said on its way.
  async leave() {
    if (this._process.connected) this._process.disconnect()
    const [[code, signal]] = await this._ended
    return { code, signal, stderr: this.stderr }
  }

  async _said() {
    const ended = this._ended.then(([[code, signal]]) => ({ ended: signal || code }))
    const said = once(this._process, 'message').then(([message]) => message)
    return Promise.race([said, ended])
  }

  async _end() {
    this._process.kill('SIGKILL')
    await this._ended
    this._limit.remove()
  }
}

module.exports = { LimitedProcess, limits: { user: UserLimit, group: GroupLimit } }

// Beyond what systems give to people and services.
function newUid() {
  return 2_000_000_000 + ((process.pid * 64 + made++) % 100_000_000)
}

// Whoever changes the limit of a process has to be who that is.
function asUser(uid) {
  return [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
}
