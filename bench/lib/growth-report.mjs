import { writeFileSync } from 'node:fs'
import { draw } from './chart.mjs'
import { DOCUMENT, put } from './document.mjs'
import { machine } from './machine.mjs'
import { digits } from './statistics.mjs'
import { markdown } from './table.mjs'

const CHART = new URL('growth.svg', DOCUMENT)
const COLORS = { reference: '#7f7f7f', engine: '#1f77b4' }
const NAMES = { reference: 'reference', engine: 'this engine' }

const COLUMNS = 2
const PANEL = { width: 360, height: 190, left: 80, top: 90, gapX: 90, gapY: 100 }

/**
 * The figures as Markdown, a table for each thing that grows.
 *
 * @param figures a list of `{ title, unit, of, sides }`; `of`: what it is measured against;
 *   `sides`: of each, a list of `[size, value]`
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
  put('growth', `${machine()}:\n\n${growthTables(figures)}`)
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
  const sizes = sides.engine.map(([size]) => size)
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
    data
  }))
}

function tableOf(of, figures) {
  const sizes = figures[0].sides.engine.map(([size]) => size)
  const rows = figures.flatMap(({ title, unit, sides }) =>
    Object.entries(sides).map(([side, curve]) => [
      title,
      NAMES[side],
      ...sizes.map((size) => cell(curve, size, unit)),
      perDoubling(curve, unit)
    ])
  )
  return markdown([of, '', ...sizes.map(String), 'for each doubling'], rows)
}

function cell(curve, size, unit) {
  const point = curve.find(([at]) => at === size)
  return point ? `${digits(point[1])} ${unit}`.trim() : ''
}

// The slope of the straight line through value against log2(size), by least squares.
function perDoubling(curve, unit) {
  if (curve.length < 2) return ''
  const points = curve.map(([size, value]) => [Math.log2(size), value])
  const mean = (i) => points.reduce((sum, point) => sum + point[i], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const slope =
    points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) /
    points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  const share = ((100 * slope) / y).toFixed(0)
  const each = `${slope < 0 ? '−' : '+'}${digits(Math.abs(slope))} ${unit}`.trim()
  return `${each} (${share} %)`
}
