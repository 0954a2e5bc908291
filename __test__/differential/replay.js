'use strict'

// node __test__/differential/replay.js SEED [STEPS]: one random walk. Or many, to search:
// node __test__/differential/replay.js FROM-TO [STEPS]

const Engine = require('./engine')
const Walk = require('./walk')

const [seeds, steps] = process.argv.slice(2)
const [from, to = from] = seeds.split('-').map(Number)

main()

async function main() {
  const engine = Engine.start()
  let failed = 0
  for (let seed = from; seed <= to; seed++) {
    try {
      await new Walk(engine, seed).run(steps && Number(steps))
      console.log(`seed ${seed}: the same`)
    } catch (error) {
      failed++
      console.log(error.message)
    }
  }
  engine.stop()
  process.exitCode = failed === 0 ? 0 : 1
}
