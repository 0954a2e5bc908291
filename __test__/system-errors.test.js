const test = require('node:test')
const assert = require('node:assert')
const os = require('node:os')
const util = require('node:util')
const { natives } = require('./helpers/packages')
const { lacks } = require('../scripts/needs')
const { FailingSockets } = require('./helpers/failing-sockets')
const { run } = require('./helpers/child')

const skip = lacks('cc')
const MAX_ERRNO = 160 // beyond the last one of Linux

for (const { name, path } of natives) {
  test(
    `${name}: the system's errors go by the names and the words that Node gives them`,
    { skip },
    async (t) => {
      const source = `
      const fs = require('fs')
      const DHT = require(process.argv[1])
      const failBinds = (number) => {
        const fd = fs.openSync(process.env.FAIL_PLAN, 'r+')
        fs.writeSync(fd, Buffer.from(Int32Array.of(number).buffer), 0, 4, 12)
        fs.closeSync(fd)
      }
      main()
      async function main() {
        const errors = []
        for (let number = 1; number <= ${MAX_ERRNO}; number++) {
          failBinds(number)
          const node = new DHT({ host: '127.0.0.1', bootstrap: [] })
          const told = ({ code, message }) => ({ code, message })
          errors.push(await node.bind().then(() => told({ code: 'bound' }), told))
          await node.destroy()
        }
        console.log(JSON.stringify(errors))
      }
    `
      const { stdout, stderr, code } = await run(source, [path], {
        env: FailingSockets.create(t).env
      })
      assert.deepStrictEqual([stderr, code], ['', 0])

      const errors = JSON.parse(stdout)
      const codes = errors.map(({ code }) => code)
      assert.strictEqual(codes.length, MAX_ERRNO)
      codes.forEach((code, i) => assert.ok(isRight(code, i + 1), `${i + 1} is not ${code}`))
      assert.ok(codes.includes('EAGAIN') && codes.includes('ENOTSUP'))
      const words = Object.fromEntries(util.getSystemErrorMap().values())
      delete words.UNKNOWN
      for (const { code, message } of errors) assert.strictEqual(message, words[code] ?? message)
    }
  )
}

// Some that the system has a name for Node does not know.
function isRight(code, number) {
  const name = util.getSystemErrorName(-number)
  if (!name.startsWith('Unknown')) return code === name
  const names = Object.keys(os.constants.errno).filter((key) => os.constants.errno[key] === number)
  return names.length > 0 ? names.includes(code) : /^(E[A-Z0-9]+|UNKNOWN)$/.test(code)
}
