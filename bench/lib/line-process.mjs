import { spawn } from 'node:child_process'
import readline from 'node:readline'

const PATIENCE = 20_000 // ms

/** A program that is spoken to by lines: it answers each, and ends when it is told nothing more. */
export class LineProcess {
  constructor(program, args) {
    this._program = program
    this._process = spawn(program, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] })
    this._lines = readline.createInterface({ input: this._process.stdout })[Symbol.asyncIterator]()
    this._ended = new Promise((resolve) => {
      this._process.once('exit', resolve)
      this._process.once('error', resolve)
    })
    // Its end is heard by whoever waits for a line.
    this._process.stdin.on('error', () => {})
  }

  /** Says something that is not answered. */
  say(line) {
    this._process.stdin.write(`${line}\n`)
  }

  /** Says something and resolves with the line that answers it. */
  ask(line) {
    this.say(line)
    return this.line()
  }

  /** The next line. Rejects if the program ends before, or takes too long. */
  async line() {
    const timer = setTimeout(() => this._process.kill('SIGKILL'), PATIENCE)
    const { value, done } = await this._lines.next()
    clearTimeout(timer)
    if (done) throw new Error(`${this._program} ended, or said nothing for ${PATIENCE} ms`)
    return value
  }

  async end() {
    this._process.stdin.end()
    await this._ended
  }
}
