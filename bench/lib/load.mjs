import { spawn } from 'node:child_process'
import { once } from 'node:events'
import readline from 'node:readline'
import { PROGRAM } from '../../scripts/load.js'

const WARM_UP = 500 // ms
const WINDOW = 3000 // ms
const IN_FLIGHT = 64

/**
 * Loads a port of 127.0.0.1. Resolves with `answered`, `lost`, `seconds`, `replyBytes`, the `cpu` of
 * process `pid` and of its main `thread` for each request answered (µs), and the latencies `p50`,
 * `p99`, `max` (µs).
 *
 * @param {object} to
 * @param {number} to.port
 * @param {number} to.pid of the process that is measured
 * @param {'ping' | 'find-node' | 'user' | 'mixed'} to.request
 * @param {number} [to.rate] requests a second, instead of 64 in flight
 * @param {boolean} [to.bundles] sends and reads what is of one length as one message
 * @param {() => unknown} [to.onmeasuring] called when the warm-up is over
 */
export async function drive({ port, pid, request, ms = WINDOW, warmUp = WARM_UP, ...how }) {
  const { rate, bundles, onmeasuring } = how
  const pace = rate ? ['rate', rate] : ['in-flight', IN_FLIGHT]
  const client = bundles ? ['bundles'] : []
  const args = ['drive', port, pid, request, warmUp, ms, ...pace, ...client].map(String)
  const load = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = exitOf(load)
  let result = null
  for await (const line of readline.createInterface({ input: load.stdout })) {
    if (line !== 'measuring') result = JSON.parse(line)
    else if (onmeasuring) onmeasuring()
  }
  const ending = await exit
  if (ending !== 0 || !result) throw new Error(`bench/load ended with ${ending}`)
  return result
}

/**
 * A responder that does nothing else, with replies of that many bytes, in a process of its own. With
 * `bundles` it answers a message of several requests by one.
 */
export class Floor {
  static async start(replyBytes, { bundles = false } = {}) {
    const floor = new Floor(replyBytes, bundles ? ['bundles'] : [])
    floor.port = Number(await floor._line())
    return floor
  }

  constructor(replyBytes, how) {
    this._process = spawn(PROGRAM, ['floor', String(replyBytes), ...how], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    this.pid = this._process.pid
    this.port = 0
    this._exit = exitOf(this._process)
    this._lines = readline.createInterface({ input: this._process.stdout })
    // Its end is heard by whoever waits for a line.
    this._process.stdin.on('error', () => {})
  }

  /** A thread of its process does nothing else for as many ms, from when this resolves. */
  async spin(ms) {
    const spinning = this._line()
    this._process.stdin.write(`spin ${ms}\n`)
    await spinning
  }

  async end() {
    this._process.stdin.end()
    await this._exit
  }

  async _line() {
    const line = await Promise.race([once(this._lines, 'line'), this._exit])
    if (Array.isArray(line)) return line[0]
    throw new Error(`The floor ended with ${line}`)
  }
}

// Resolves with the code, the signal, or the reason why it was never started.
function exitOf(child) {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal || code))
    child.once('error', (err) => resolve(err.message))
  })
}
