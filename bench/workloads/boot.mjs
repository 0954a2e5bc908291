import { withCrowd } from '../lib/crowd.mjs'
import { BOTH } from '../lib/sides.mjs'

/** The workload of joining a network of that size. */
export function boot(count, rounds) {
  return {
    name: `boot-${count}`,
    description: `${count} nodes of one process join, 16 at a time; the bootstrap node has a process of its own`,
    sides: BOTH,
    rounds,
    rows: count === 100 ? [bootRow(count), memoryRow('100', 45, 25)] : [bootRow(count)],
    round: (side) => withCrowd(side, count, (child, joined) => joined)
  }
}

export function bootRow(count) {
  return {
    title: `boot CPU of a node, network of ${count} in one process`,
    figure: 'boot',
    unit: 'ms',
    better: 'less',
    must: { atMost: count === 800 ? 0.17 : 0.15, of: 'reference' },
    aim: { atMost: 0.09, of: 'reference' }
  }
}

/** What a node takes among so many in its process; the targets are kB. */
export function memoryRow(count, must, aim) {
  return {
    title: `memory of a node, of ${count} in one process`,
    figure: 'memory',
    unit: 'kB',
    better: 'less',
    must: { atMost: must },
    aim: { atMost: aim }
  }
}
