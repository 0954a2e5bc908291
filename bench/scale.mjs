// What a lookup costs and finds in simulated networks of 10 to 100 000 nodes. Writes docs/scale.md
// and its chart.
// usage: npm run sim:scale -- [--sizes 10,100,1000] [--from figures.jsonl] [--no-write]
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { draw } from './lib/chart.mjs'
import { logarithm, power } from './lib/laws.mjs'

const require = createRequire(import.meta.url)
const { count, table } = require('../scripts/markdown.js')
const { writeMarked } = require('../scripts/marked.js')

const BUILD =
  'build --locked --profile sim --no-default-features --example sim --message-format=json'.split(
    ' '
  )
const CHART = new URL('../docs/scale.svg', import.meta.url)

// Below this most of the network is asked, whatever its size.
const LARGE = 100

// What is promised of every size.
const MOST_BYTES = 16 * 2 ** 30
const LEAST_RECALL = 0.99

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string' },
    from: { type: 'string' },
    'no-write': { type: 'boolean', default: false }
  }
})

const points = options.from ? lines(readFileSync(options.from, 'utf8').split('\n')) : await run()
if (points.filter(isLarge).length < 2) {
  console.error(`There is no law without two sizes from ${LARGE} nodes on.`)
  process.exit(1)
}
const text = report(points)
console.log(text)
const broken = points.filter((point) => !isKept(point))
for (const { nodes, recall, peakBytes } of broken) {
  console.error(
    `${nodes} nodes: recall ${recall}, ${peakBytes} bytes. What is promised was not kept.`
  )
}
if (broken.length > 0) process.exit(1)
if (!options['no-write']) {
  writeMarked('docs/scale.md', 'scale', text)
  writeFileSync(CHART, draw(chart(points), 590))
}

// Each point with the most that the process took of memory until then.
async function run() {
  const args = options.sizes ? ['scale', '--sizes', options.sizes] : ['scale']
  const child = spawn(build(), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const printed = []
  for await (const line of createInterface(child.stdout)) {
    const point = { ...JSON.parse(line), peakBytes: peakOf(child.pid) }
    console.error(JSON.stringify(point))
    printed.push(point)
  }
  const [code, signal] = await exit
  if (code === 0) return printed
  console.error(`The simulator ended with ${signal || code}: nothing is written.`)
  process.exit(1)
}

function build() {
  const stdio = ['ignore', 'pipe', 'inherit']
  const built = execFileSync('cargo', BUILD, { encoding: 'utf8', stdio, maxBuffer: 1 << 28 })
  return lines(built.split('\n')).findLast(({ executable }) => executable).executable
}

// In bytes; null where the system does not tell.
function peakOf(pid) {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(kilobytes) * 1024
  } catch {
    return null
  }
}

function lines(printed) {
  return printed.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

function report(points) {
  const head = ['nodes', 'lookups', 'found of the true 20', 'requests', 'messages', 'hops']
  head.push('until the end', 'memory of a node', 'peak memory of the run', 'datagrams so far')
  return [
    table(head, points.map(cells)),
    '',
    `By least squares from ${LARGE} nodes on, with n nodes, of a logarithm and a power the one that fits better:`,
    '',
    `- messages of a lookup = ${law(points, (point) => 2 * point.requests)}`,
    `- hops of a lookup = ${law(points, (point) => point.hops)}`
  ].join('\n')
}

function isKept({ recall, peakBytes }) {
  return recall >= LEAST_RECALL && (peakBytes === null || peakBytes <= MOST_BYTES)
}

function cells({
  nodes,
  lookups,
  recall,
  requests,
  hops,
  tookMs,
  nodeBytes,
  peakBytes,
  datagrams
}) {
  return [
    count(nodes),
    lookups,
    `${(100 * recall).toFixed(2)} %`,
    requests.toFixed(1),
    (2 * requests).toFixed(1),
    hops.toFixed(2),
    `${(tookMs / 1000).toFixed(2)} s`,
    `${(nodeBytes / 1000).toFixed(1)} kB`,
    peakBytes ? `${count(Math.round(peakBytes / 2 ** 20))} MiB` : '',
    count(datagrams)
  ]
}

function law(points, of) {
  const [best, other] = fits(points, of)
  const r2 = (fit) => `R² = ${fit.r2.toFixed(4)}`
  return `${best.text} (${r2(best)}; ${other.text} has ${r2(other)})`
}

// The logarithm and the power, the one that fits better first.
function fits(points, of) {
  const measured = points.filter(isLarge).map((point) => [point.nodes, of(point)])
  const { slope, offset, r2 } = logarithm(measured)
  const { factor, exponent, r2: r2OfPower } = power(measured)
  const sign = offset < 0 ? '−' : '+'
  return [
    {
      text: `${slope.toFixed(2)} · log₂ n ${sign} ${Math.abs(offset).toFixed(2)}`,
      at: (n) => slope * Math.log2(n) + offset,
      r2
    },
    {
      text: `${factor.toFixed(2)} · n^${exponent.toFixed(2)}`,
      at: (n) => factor * n ** exponent,
      r2: r2OfPower
    }
  ].sort((a, b) => b.r2 - a.r2)
}

function isLarge({ nodes }) {
  return nodes >= LARGE
}

function chart(points) {
  const measured = (name, of, axis) => ({
    name,
    type: 'line',
    yAxisIndex: axis,
    data: points.map((point) => [point.nodes, of(point)])
  })
  const fitted = (name, of, axis) => {
    const [{ at }] = fits(points, of)
    return {
      name,
      type: 'line',
      yAxisIndex: axis,
      symbol: 'none',
      lineStyle: { type: 'dashed' },
      data: points.filter(isLarge).map(({ nodes }) => [nodes, at(nodes)])
    }
  }
  const messages = ({ requests }) => 2 * requests
  const hops = (point) => point.hops
  const least = Math.floor(Math.min(99, ...points.map(({ recall }) => 100 * recall)))
  return {
    legend: {},
    grid: [
      { left: 70, right: 60, top: 60, height: 280 },
      { left: 70, right: 60, top: 430, height: 110 }
    ],
    xAxis: [axisOfSizes(0), axisOfSizes(1)],
    yAxis: [
      { type: 'value', name: 'messages' },
      { type: 'value', name: 'hops', min: 0 },
      { type: 'value', name: 'found of the true 20, %', min: least, max: 100, gridIndex: 1 }
    ],
    series: [
      measured('messages', messages, 0),
      fitted('messages, fitted', messages, 0),
      measured('hops', hops, 1),
      fitted('hops, fitted', hops, 1),
      { ...measured('found of the true 20', ({ recall }) => 100 * recall, 2), xAxisIndex: 1 }
    ]
  }
}

function axisOfSizes(gridIndex) {
  return { type: 'log', name: 'nodes', nameLocation: 'middle', nameGap: 28, gridIndex }
}
