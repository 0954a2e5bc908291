// Writes tests/vectors/*.json: what the reference does, byte for byte, for tests/vectors.rs, and when, for
// tests/sim.
// The same version of the reference gives the same files.

import fs from 'node:fs'

import { ids, tokens } from './vectors/identity.mjs'
import { health, natSamples, timeouts, windows } from './vectors/sequences.mjs'
import { quickChecks } from './vectors/quick-check.mjs'
import { wire } from './vectors/wire.mjs'

const files = {
  wire: wire(),
  ids: ids(),
  tokens: tokens(),
  nat: natSamples(),
  timeouts: timeouts(),
  windows: windows(),
  health: health(),
  'quick-check': await quickChecks()
}

const folder = new URL('../tests/vectors/', import.meta.url)

fs.mkdirSync(folder, { recursive: true })

for (const [name, vectors] of Object.entries(files)) {
  const lines = vectors.map((vector) => JSON.stringify(vector)).join(',\n')
  fs.writeFileSync(new URL(name + '.json', folder), `[\n${lines}\n]\n`)
  console.log(`${name}.json: ${vectors.length}`)
}
