// slow: requests that nobody answers time out, under each kind of fakes

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const path = require('node:path')
const { natives } = require('./helpers/packages')
const { copyPackage } = require('./helpers/copy')
const { runFile } = require('./helpers/child')
const { freePort, hold } = require('./helpers/network')
const fakes = require('./helpers/fakes')

const FAKED = path.join(__dirname, 'children', 'faked.js')
const WHEN = {
  before: 'before it is loaded',
  streamx: 'before it is loaded, and streamx before it',
  after: 'after it is loaded'
}

for (const { name } of natives) {
  for (const kind of Object.keys(fakes)) {
    for (const [when, words] of Object.entries(WHEN)) {
      test(`${name}: clocks ${kind} ${words}`, async (t) => {
        const silent = await freePort()
        await hold(t, silent)
        const args = [copyPackage(t), kind, when, await freePort(), silent]
        const execArgv = ['--no-warnings']
        const { code, stdout, stderr } = await runFile(FAKED, args, { execArgv, ms: 60000 })

        assert.deepStrictEqual([code, stderr], [0, ''])
        assert.deepStrictEqual(JSON.parse(stdout), {
          log: [
            'pinged',
            'requested',
            'slowly answered',
            'thrown at',
            'queried 1',
            'REQUEST_TIMEOUT',
            'left alone',
            'resumed',
            'destroyed'
          ],
          thrown: ['of a listener'],
          calls: []
        })
      })
    }
  }
}
