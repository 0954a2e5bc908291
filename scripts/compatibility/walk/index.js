'use strict'

const World = require('../world')
const Emissions = require('./emissions')
const Walk = require('./walk')
const scenario = require('./scenario')

// Events that nobody may listen for without changing what happens.
const NOT_HEARD = ['error', 'request']

module.exports = { walk }

// Returns what both packages show: { reference, engine }, each a walk with its events.
async function walk(Reference, Engine) {
  const reference = await run(Reference, null)
  return { reference, engine: await run(Engine, reference) }
}

async function run(DHT, guide) {
  const walk = new Walk(guide)
  const emissions = new Emissions()
  if (guide !== null) walk.onnamed((name, object) => listen(object, guide.events.get(name)))
  emissions.start()
  try {
    for (const part of scenario) await play(part, DHT, walk.look.bind(walk))
  } finally {
    emissions.stop()
  }
  walk.events = emissions.byName(walk)
  return walk
}

async function play(part, DHT, look) {
  const world = await World.open(DHT)
  try {
    await part(world, look)
  } finally {
    await world.close()
  }
}

// What is only told to those who ask is asked for.
function listen(object, events) {
  if (events === undefined || typeof object.on !== 'function' || object.readable) return
  for (const event of events.keys()) {
    if (!NOT_HEARD.includes(event)) object.on(event, () => {})
  }
}
