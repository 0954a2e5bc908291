import { table as markdown } from '../markdown.js'

/** The README's part with the figures. */
export function table({ machine, figures }) {
  const rows = figures.map(({ title, page, sides }) => [
    title,
    sides.reference.text,
    sides.engine.text,
    `[${/\w+(?=\.md$)/.exec(page)[0]}](${page})`
  ])
  const head = ['', 'dht-rpc', 'this package', 'page']
  return `${markdown(head, rows)}\n\nMeasured side by side on ${machine}.`
}
