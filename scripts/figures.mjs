// The README's figures, each read from the page that holds it: writes its table and docs/figures.svg.
// Whoever measures anew runs it afterwards; a test fails until then.
// usage: node scripts/figures.mjs
import { writeFileSync } from 'node:fs'
import { draw } from './figures/chart.mjs'
import { readFigures } from './figures/pages.mjs'
import { table } from './figures/readme.mjs'
import { writeMarked } from './marked.js'

const figures = readFigures()
writeMarked('README.md', 'figures', table(figures))
writeFileSync(new URL('../docs/figures.svg', import.meta.url), draw(figures))
