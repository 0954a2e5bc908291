// slow: copies the package and touches all of it, three times

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const path = require('node:path')
const { natives } = require('./helpers/packages')
const { copyPackage } = require('./helpers/copy')
const { runFile } = require('./helpers/child')
const { freePort } = require('./helpers/network')

const WALK = path.join(__dirname, 'children', 'walk.js')

const DENIED = {
  hidden: 'its folder was moved away and the cache of modules cleared',
  cleared: 'the cache of modules was cleared',
  emfile: 'no descriptor is left'
}

// What a live node gives its user has to be among what was touched.
const PARTS = ['node.io', 'node.table', 'node.nodes', 'node.health', 'node.stats', 'node.udx']
const MADE = ['node.session()', 'node.query()', 'node.findNode()', 'node.rttStats()', 'request']

for (const { name, DHT } of natives) {
  for (const [how, what] of Object.entries(DENIED)) {
    const skip = how === 'emfile' && process.platform === 'win32' && 'has no such limit'
    test(`${name}: a bound node does all that it can when ${what}`, { skip }, async (t) => {
      const folder = copyPackage(t)
      const within = how === 'emfile' ? ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'] : []
      const { code, stdout, stderr } = await runFile(
        WALK,
        [folder, how, String(await freePort())],
        { within, ms: 60000, execArgv: ['--no-deprecation'] }
      )

      assert.deepStrictEqual([code, stderr], [0, ''])
      const { touched, faults, loaded } = JSON.parse(stdout)
      assert.deepStrictEqual({ faults, loaded }, { faults: [], loaded: [] })
      const own = Object.getOwnPropertyNames(DHT.prototype).filter((each) => !each.startsWith('_'))
      const walked = touched.map((place) => place.split('.').slice(0, 2).join('.'))
      for (const member of own) {
        const ends = ['destroy', 'suspend', 'resume'].includes(member)
        assert.ok(ends || walked.includes(`node.${member}`), `${member} was not touched`)
      }
      for (const part of [...PARTS, ...MADE]) {
        assert.ok(
          touched.some((place) => place.startsWith(`${part}.`)),
          `nothing of ${part} was touched`
        )
      }
    })
  }
}
