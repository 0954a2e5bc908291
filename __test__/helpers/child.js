const { spawn } = require('node:child_process')

module.exports = { run, runFile }

// The command that runs a file, and what before a source text has it run that: Node.js's, unless other variables are set.
const { TEST_RUNTIME, TEST_EVALUATE } = process.env
const [runtime, ...before] = TEST_RUNTIME ? JSON.parse(TEST_RUNTIME) : [process.execPath]
const EVALUATE = TEST_EVALUATE || '-e'

// Runs a script in a process of its own; the script finds the package's path in process.argv[1].
// "within" is the program and its arguments that run it in turn, "env" what is added to the environment.
// Resolves with { code, signal, stdout, stderr, ms }; one that is still there at the deadline is killed.
function run(source, args, options) {
  return start([EVALUATE, source], args, options)
}

// The same for a script that is a file; its arguments begin at process.argv[2].
function runFile(file, args, options) {
  return start([file], args, options)
}

function start(script, args = [], options = {}) {
  const { ms = 20000, execArgv = [], onstdout, within = [], env, uid, gid } = options
  const started = performance.now()
  const command = [runtime, ...execArgv, ...before, ...script, ...args]
  const [program, ...rest] = [...within, ...command]
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    uid,
    gid
  })

  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
    if (onstdout) onstdout(stdout)
  })
  child.stderr.on('data', (data) => (stderr += data))

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), ms)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout, stderr, ms: performance.now() - started })
    })
  })
}
