const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const SOURCE = path.join(__dirname, 'failing-sockets.c')

// Where a C compiler is at hand, as it is wherever Rust is.
const canFail = process.platform === 'linux' && runs('cc', '--version')

// Namespaces of one's own, with a network and a mount table, by root or wherever users may.
const canIsolate = process.platform === 'linux' && runs('unshare', '-rnm', 'ip', 'link')

// The environment of a process whose UDP sockets fail as the plan says, and that plan.
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
    fs.writeFileSync(this.plan, Buffer.alloc(16))
    // The runtime of a sanitizer comes first.
    const preloaded = [process.env.LD_PRELOAD, library].filter(Boolean).join(' ')
    this.env = { LD_PRELOAD: preloaded, FAIL_PLAN: this.plan }
  }
}

module.exports = { canFail, canIsolate, FailingSockets }

function runs(program, ...args) {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
