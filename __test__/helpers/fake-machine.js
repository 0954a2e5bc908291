const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const SUCCEED = 'exit 0'

// What all machines have that run the project's scripts.
const USUAL = ['bash', 'dirname', 'sh']

// A folder that is all of PATH, with Node and programs that only say that they were called.
module.exports = class FakeMachine {
  constructor(t) {
    this._folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-machine-'))
    t.after(() => fs.rmSync(this._folder, { recursive: true }))
    this._calls = path.join(this._folder, 'calls')
    this._bin = path.join(this._folder, 'bin')
    fs.mkdirSync(this._bin)
    fs.symlinkSync(process.execPath, path.join(this._bin, 'node'))
    for (const name of USUAL) fs.symlinkSync(find(name), path.join(this._bin, name))
  }

  // Their calls are recorded, then they do as the script of sh says, which may add a line to $CALLS.
  add(names, script = SUCCEED) {
    for (const name of names) {
      const source = `#!/bin/sh\necho "${name} $*" >> "$CALLS"\n${script}\n`
      fs.writeFileSync(path.join(this._bin, name), source, { mode: 0o755 })
    }
    return this
  }

  remove(name) {
    fs.rmSync(path.join(this._bin, name))
    return this
  }

  // Of one program.
  calls(name) {
    if (!fs.existsSync(this._calls)) return []
    const lines = fs.readFileSync(this._calls, 'utf8').trim().split('\n')
    return lines.filter((line) => line.startsWith(`${name} `))
  }

  run(program, ...args) {
    // Nothing of the run that this is part of.
    const unset = { NODE_TEST_CONTEXT: undefined, NO_SKIPS: undefined, DEBIAN_FRONTEND: undefined }
    const env = { ...process.env, ...unset, PATH: this._bin, CALLS: this._calls }
    return spawnSync(path.join(this._bin, program), args, { cwd: ROOT, env, encoding: 'utf8' })
  }

  evaluate(source) {
    const { status, stdout, stderr } = this.run('node', '-p', `JSON.stringify(${source})`)
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }
}

function find(name) {
  const folders = process.env.PATH.split(path.delimiter)
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file))
}
