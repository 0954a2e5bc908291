const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const SOURCE = path.join(__dirname, 'failing-sockets.c')

// The environment of a process whose UDP sockets fail as the plan says, and that plan. Needs Linux and a C compiler.
class FailingSockets {
  static create(t) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'failing-sockets-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    return new FailingSockets(folder)
  }

  constructor(folder) {
    const library = path.join(folder, 'failing-sockets.so')
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'])
    this.plan = path.join(folder, 'plan')
    fs.writeFileSync(this.plan, Buffer.alloc(32))
    // The runtime of a sanitizer comes first.
    const preloaded = [process.env.LD_PRELOAD, library].filter(Boolean).join(' ')
    this.env = { LD_PRELOAD: preloaded, FAIL_PLAN: this.plan }
  }
}

module.exports = { FailingSockets }
