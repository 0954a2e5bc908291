// Apache ECharts: draws SVG without a browser, and has little beneath it.
import * as echarts from 'echarts'

const WIDTH = 900
const FONT = 'sans-serif'

/** An SVG of that ECharts option. */
export function draw(option, height) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    ...option
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg}\n`
}
