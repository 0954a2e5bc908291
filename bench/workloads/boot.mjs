import { withCrowd } from '../lib/crowd.mjs'
import { BOTH } from '../lib/sides.mjs'

/** The workload of joining a network of that size. */
export function boot(count, rounds) {
  return {
    name: `boot-${count}`,
    description: `${count} nodes of one process join, 16 at a time; the bootstrap node has a process of its own`,
    sides: BOTH,
    rounds,
    rows: [bootRow(count)],
    round: (side) => withCrowd(side, count, (child, joined) => joined)
  }
}

export function bootRow(count) {
  return {
    title: `boot CPU of a node, network of ${count} in one process`,
    figure: 'boot',
    unit: 'ms',
    better: 'less',
    must: { atMost: 0.25, of: 'reference' },
    aim: { atMost: 0.12, of: 'reference' }
  }
}
