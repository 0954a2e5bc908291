import { draw as svg } from '../../bench/lib/chart.mjs'

const BARS = {
  reference: { name: 'dht-rpc', color: '#7f7f7f' },
  engine: { name: 'this package', color: '#1f77b4' }
}

const PANEL = { width: 140, height: 120, left: 20, top: 58, pitch: 178 }
const HEIGHT = 222
const HEADROOM = 1.2 // for the label above the highest bar

/** The figures as an SVG: a panel each, of two bars that begin at 0. */
export function draw({ figures }) {
  const lefts = figures.map((_, i) => PANEL.left + i * PANEL.pitch)
  const option = {
    legend: {
      bottom: 2,
      itemGap: 30,
      selectedMode: false,
      data: Object.values(BARS).map(({ name }) => name)
    },
    title: figures.map(({ short }, i) => ({
      text: short,
      left: lefts[i] + PANEL.width / 2,
      top: 6,
      textAlign: 'center',
      textStyle: { fontSize: 14, lineHeight: 18 }
    })),
    grid: lefts.map((left) => ({ left, top: PANEL.top, width: PANEL.width, height: PANEL.height })),
    xAxis: figures.map((_, gridIndex) => ({
      type: 'category',
      gridIndex,
      data: [''],
      axisTick: { show: false }
    })),
    yAxis: figures.map(({ sides }, gridIndex) => ({
      type: 'value',
      gridIndex,
      show: false,
      min: 0,
      max: HEADROOM * Math.max(...Object.values(sides).map(({ value }) => value))
    })),
    series: figures.flatMap(bars)
  }
  return withoutHovering(svg(option, HEIGHT))
}

// A picture does not need it, and the library numbers its classes through all of a process.
function withoutHovering(text) {
  return text.replace(/ class="zr\d+-cls-\d+"/g, '').replace(/<style[^]*?<\/style>\n?/g, '')
}

function bars({ sides }, i) {
  return Object.entries(sides).map(([side, { value, text }]) => ({
    ...BARS[side],
    type: 'bar',
    xAxisIndex: i,
    yAxisIndex: i,
    barWidth: 46,
    barGap: '30%',
    label: { show: true, position: 'top', formatter: text },
    data: [value]
  }))
}
