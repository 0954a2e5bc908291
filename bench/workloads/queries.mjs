import { Child } from '../lib/child.mjs'
import { withCrowd } from '../lib/crowd.mjs'
import { BOTH, PACKAGES } from '../lib/sides.mjs'

const WARM_UP = 100 // queries, after which V8 compiles little more
const COUNT = 200

const WAYS = [
  { way: 'finished', title: '`await query.finished()`' },
  { way: 'iterate', title: '`for await (const reply of query)`' },
  { way: 'commit', title: '`query(…, { commit: true })`' },
  { way: 'leave', title: '`for await` that breaks after 5 replies' }
]

const MUST = {
  'one-process': { finished: 0.25, iterate: 0.3, commit: 0.28 },
  'two-processes': { finished: 0.3, iterate: 0.45, commit: 0.3, leave: 0.55 }
}
const AIM = { 'one-process': 0.2, 'two-processes': 0.25 }

/** The queries of the tutorial, in its network of 100 nodes and in one of 800. */
export default [100, 800].flatMap((count) => [
  workload(count, 'one-process', 'client and network in one process', here),
  workload(count, 'two-processes', 'client in a process of its own', elsewhere)
])

function workload(count, place, where, round) {
  return {
    name: `queries-${count}-${place}`,
    also: [`queries-${count}`, 'queries'],
    description: `the tutorial's queries for random targets, ${count} nodes that answer in JavaScript, ${where}; CPU is that of all processes`,
    sides: BOTH,
    rounds: count === 100 ? [7, 3] : [5, 2],
    rows: WAYS.flatMap(({ way, title }) => rows(`${title}, ${count} nodes, ${where}`, place, way)),
    round: (side) => round(side, count)
  }
}

function rows(title, place, way) {
  const must = MUST[place][way]
  const target = must === undefined ? {} : { must: { atMost: must, of: 'reference' } }
  const aim = must === undefined ? {} : { aim: { atMost: AIM[place], of: 'reference' } }
  const less = { unit: 'ms', better: 'less', ...target, ...aim }
  const latency = { title: 'the same: p50', figure: `${way}P50`, ...less }
  return [
    { title: `${title}: CPU`, figure: `${way}Cpu`, ...less },
    // What is asked in another process takes as long as that one does.
    place === 'one-process' ? latency : { ...latency, must: null, aim: null },
    {
      title: 'the same: CPU for each node asked',
      figure: `${way}Visit`,
      unit: 'µs',
      better: 'less'
    }
  ]
}

function here(side, count) {
  const run = (crowd, queries) => crowd.ask({ queries })
  return withCrowd(side, count, (crowd) => ways((queries) => run(crowd, queries)), {
    answers: true
  })
}

function elsewhere(side, count) {
  return withCrowd(
    side,
    count,
    async (crowd, { bootstrap }) => {
      const client = new Child('querier', { file: PACKAGES[side], bootstrap })
      try {
        await client.next()
        return await ways(async (queries) => {
          const before = await crowd.ask({ used: true })
          const figures = await client.ask(queries)
          const used = (await crowd.ask({ used: true })) - before
          return { ...figures, cpu: figures.cpu + used / queries.count / 1000 }
        })
      } finally {
        await client.end()
      }
    },
    { answers: true }
  )
}

async function ways(run) {
  const figures = {}
  for (const { way } of WAYS) {
    await run({ way, count: WARM_UP })
    const { p50, cpu, replies, visits } = await run({ way, count: COUNT })
    if (replies < 5) throw new Error(`${way}: ${replies} replies a query`)
    figures[`${way}P50`] = p50
    figures[`${way}Cpu`] = cpu
    figures[`${way}Visit`] = (cpu * 1000) / visits
  }
  return figures
}
