import { draw } from './chart.mjs'

const ROW = 34 // px
const AROUND = { top: 80, bottom: 40, left: 400, right: 40 }

// Beyond it the reference does not do the same thing at all.
const COMPARABLE = 100

const SERIES = [
  { name: 'must', symbol: 'rect', symbolSize: [3, 20], color: '#d62728' },
  { name: 'aim', symbol: 'rect', symbolSize: [3, 20], color: '#ff9f1c' },
  { name: 'floor', symbol: 'diamond', symbolSize: 13, color: '#7f7f7f' },
  { name: 'this engine', symbol: 'circle', symbolSize: 13, color: '#1f77b4' },
  { name: 'on one core', symbol: 'emptyCircle', symbolSize: 10, color: '#1f77b4' }
]

/** The chart of a full run, as SVG: how many times better than the reference everything is. */
export function overview(results) {
  const rows = results.filter((result) => !result.oneCore).filter(isComparable)
  const points = rows.map((row) => pointsOf(row, findOneCore(row, results)))
  const factors = [1, ...points.flatMap((point) => Object.values(point))]
  return draw(
    {
      title: { text: 'Times better than the reference', left: 'center', top: 4 },
      legend: { top: 34, data: SERIES.map(({ name }) => name) },
      grid: AROUND,
      xAxis: {
        type: 'log',
        logBase: 2,
        min: 2 ** Math.floor(Math.log2(Math.min(...factors))),
        max: 2 ** Math.ceil(Math.log2(Math.max(...factors))),
        axisLabel: { formatter: '{value} ×' }
      },
      yAxis: { type: 'category', inverse: true, data: rows.map(label) },
      series: SERIES.map((series, i) => ({
        type: 'scatter',
        ...series,
        itemStyle: { color: series.color },
        data: points.flatMap((point, y) => (point[series.name] ? [[point[series.name], y]] : [])),
        ...(i === 0 && { markLine: referenceLine() })
      }))
    },
    AROUND.top + AROUND.bottom + rows.length * ROW
  )
}

function isComparable({ sides }) {
  if (!sides.reference || !sides.engine) return false
  const ratio = sides.engine.median / sides.reference.median
  return ratio > 1 / COMPARABLE && ratio < COMPARABLE
}

function findOneCore({ workload, figure }, results) {
  return results.find(
    (r) => r.oneCore && r.ratios.reference && r.workload === workload && r.figure === figure
  )
}

function pointsOf({ sides, better, must, aim }, oneCore) {
  const factor = (value) =>
    better === 'less' ? sides.reference.median / value : value / sides.reference.median
  const bound = (target) =>
    factor((target.atMost || target.atLeast) * (target.of ? sides[target.of].median : 1))

  const has = (target) => target && (!target.of || sides[target.of])
  const points = { 'this engine': factor(sides.engine.median) }
  if (sides.floor) points.floor = factor(sides.floor.median)
  if (has(must)) points.must = bound(must)
  if (has(aim)) points.aim = bound(aim)
  if (oneCore) points['on one core'] = factorOf(oneCore)
  return points
}

function factorOf({ better, ratios }) {
  return better === 'less' ? 1 / ratios.reference : ratios.reference
}

// Titles that go on where the one before ended need that one.
function label({ workload, title }) {
  const text = title.startsWith('the same') ? `${workload}: ${title.slice(9).trim()}` : title
  return text.replaceAll('`', '')
}

function referenceLine() {
  return {
    symbol: 'none',
    silent: true,
    lineStyle: { color: '#333333', type: 'solid' },
    label: { formatter: 'the reference', position: 'start' },
    data: [{ xAxis: 1 }]
  }
}
