import { memoryRow } from './boot.mjs'
import { withCrowd } from '../lib/crowd.mjs'
import { BOTH } from '../lib/sides.mjs'

const MINUTE = 60000 // ms

export default {
  name: 'nodes-1000',
  also: ['memory', 'idle'],
  description:
    '1 000 nodes of one process, joined 16 at a time: (RSS with 1 000 nodes − RSS with none) / 1 000 ' +
    'after a collection; then the CPU of a minute in which nobody asks them anything, for both ' +
    'packages in the same minute, which begins 5 s after the last node joined',
  sides: BOTH,
  rounds: [3, 3],
  rows: [
    memoryRow('1 000', 16, 12),
    {
      title: '1 000 idle nodes, CPU over a minute',
      figure: 'cpu',
      unit: 's',
      better: 'less',
      must: { atMost: 0.4, of: 'reference' },
      aim: { atMost: 0.2, of: 'reference' }
    }
  ],
  together(referenceFirst) {
    return referenceFirst ? measureBoth(BOTH) : measureBoth([...BOTH].reverse())
  }
}

// One joins after the other; then both are idle at the same time.
function measureBoth([first, second]) {
  return withCrowd(first, 1000, (firstChild, firstJoined) =>
    withCrowd(second, 1000, async (secondChild, secondJoined) => {
      const idle = [firstChild, secondChild].map((child) => child.ask({ idle: MINUTE }))
      const [a, b] = await Promise.all(idle)
      return { [first]: figures(firstJoined, a), [second]: figures(secondJoined, b) }
    })
  )
}

function figures({ memory }, { cores }) {
  return { memory, cpu: (cores * MINUTE) / 1000 }
}
