import { writeFileSync } from 'node:fs'
import { draw } from './chart.mjs'
import { logarithm, power } from './laws.mjs'
import { digits } from './statistics.mjs'
import { spread } from './table.mjs'
import { machine } from '../../scripts/machine.js'
import { table } from '../../scripts/markdown.js'
import { writeMarked } from '../../scripts/marked.js'

const CHART = new URL('../../docs/growth.svg', import.meta.url)
const COLORS = { reference: '#7f7f7f', engine: '#1f77b4' }
const NAMES = { reference: 'reference', engine: 'this engine' }

const COLUMNS = 2
const PANEL = { width: 360, height: 190, left: 80, top: 90, gapX: 90, gapY: 100 }

/**
 * The figures as Markdown, a table for each thing that grows.
 *
 * @param figures a list of `{ title, unit, of, sides }`; `of`: what it is measured against;
 *   `sides`: of each, a list of `[size, { median, least, most }]`
 */
export function growthTables(figures) {
  const groups = [...new Set(figures.map(({ of }) => of))]
  return groups
    .map((of) =>
      tableOf(
        of,
        figures.filter((figure) => figure.of === of)
      )
    )
    .join('\n\n')
}

/** Puts tables and chart into the document. */
export function writeGrowth(figures) {
  writeFileSync(CHART, growthChart(figures))
  writeMarked('docs/performance.md', 'growth', `${machine()}:\n\n${growthTables(figures)}`)
}

/** Small panels side by side. The axis of sizes is logarithmic: what grows as log n is straight. */
export function growthChart(figures) {
  const rows = Math.ceil(figures.length / COLUMNS)
  const at = figures.map((_, i) => ({
    left: PANEL.left + (i % COLUMNS) * (PANEL.width + PANEL.gapX),
    top: PANEL.top + Math.floor(i / COLUMNS) * (PANEL.height + PANEL.gapY)
  }))
  const option = {
    legend: { top: 10, data: Object.values(NAMES) },
    title: figures.map(({ title, unit }, i) => ({
      text: unit ? `${title}, ${unit}` : title,
      textStyle: { fontSize: 13 },
      left: at[i].left,
      top: at[i].top - 32
    })),
    grid: at.map((corner) => ({ ...corner, width: PANEL.width, height: PANEL.height })),
    xAxis: figures.map(axisOfSizes),
    yAxis: figures.map((_, gridIndex) => ({ type: 'value', min: 0, gridIndex })),
    series: figures.flatMap(lines)
  }
  return draw(option, PANEL.top + rows * (PANEL.height + PANEL.gapY))
}

function axisOfSizes({ of, sides }, gridIndex) {
  const sizes = sizesOf(sides)
  return {
    type: 'log',
    gridIndex,
    name: of,
    nameLocation: 'middle',
    nameGap: 25,
    min: Math.min(...sizes),
    max: Math.max(...sizes)
  }
}

function lines({ sides }, i) {
  return Object.entries(sides).map(([side, data]) => ({
    name: NAMES[side],
    type: 'line',
    symbol: 'circle',
    symbolSize: 7,
    color: COLORS[side],
    xAxisIndex: i,
    yAxisIndex: i,
    data: medians(data)
  }))
}

function tableOf(of, figures) {
  const sizes = sizesOf(figures[0].sides)
  const rows = figures.flatMap(({ title, unit, sides }) =>
    Object.entries(sides).map(([side, curve]) => [
      title,
      NAMES[side],
      ...sizes.map((size) => cell(curve, size, unit)),
      ...laws(medians(curve), unit)
    ])
  )
  const head = [of, '', ...sizes.map(String), 'for each doubling', 'R²', 'as a power of the size']
  return table(head, rows)
}

function sizesOf(sides) {
  const sizes = Object.values(sides).flatMap((curve) => curve.map(([size]) => size))
  return [...new Set(sizes)].sort((a, b) => a - b)
}

function cell(curve, size, unit) {
  const point = curve.find(([at]) => at === size)
  return point ? spread(point[1], unit) : ''
}

function medians(curve) {
  return curve.map(([size, { median }]) => [size, median])
}

// What each doubling adds, and how much that is of the mean; and what else it could be.
function laws(points, unit) {
  if (points.length < 2) return ['', '', '']
  const { slope, r2 } = logarithm(points)
  const mean = points.reduce((sum, [, value]) => sum + value, 0) / points.length
  const share = `${signed((100 * slope) / mean, (n) => n.toFixed(0))} %`
  const each = `${signed(slope, digits)} ${unit}`.trim()
  const best = power(points)
  const exponent = signed(best.exponent, (n) => n.toFixed(2)).replace('+', '')
  return [`${each} (${share})`, r2.toFixed(3), `n^${exponent} (R² ${best.r2.toFixed(3)})`]
}

function signed(n, text) {
  return `${n < 0 ? '−' : '+'}${text(Math.abs(n))}`
}
