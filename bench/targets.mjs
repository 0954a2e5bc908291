// Every target of the simulator beside the contract's own rules. Writes docs/simulator.md; fails if a target is missed.
// usage: npm run sim:targets -- [--seed 1] [--no-write]
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const { writeMarked } = createRequire(import.meta.url)('../scripts/marked.js')

const SIMULATOR =
  'run --quiet --locked --profile sim --no-default-features --example sim -- targets'.split(' ')

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    'no-write': { type: 'boolean', default: false }
  }
})

const MAX_SEED = 2n ** 64n - 1n
if (!/^\d+$/.test(options.seed) || BigInt(options.seed) > MAX_SEED) {
  console.error(`--seed must be a whole number from 0 to ${MAX_SEED}, got ${options.seed}`)
  process.exit(2)
}

const { status, stdout } = spawnSync('cargo', [...SIMULATOR, '--seed', options.seed], {
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8'
})
process.stdout.write(stdout)
if (stdout.startsWith('|') && !options['no-write']) {
  writeMarked('docs/simulator.md', 'targets', stdout)
}
process.exitCode = status ?? 1
