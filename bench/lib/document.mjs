import { readFileSync, writeFileSync } from 'node:fs'

export const DOCUMENT = new URL('../../docs/performance.md', import.meta.url)

/** Puts text between the markers of that name, `<!-- name -->` and `<!-- /name -->`. */
export function put(name, text) {
  const document = readFileSync(DOCUMENT, 'utf8')
  const marked = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!marked.test(document)) throw new Error(`docs/performance.md has no place for: ${name}`)
  writeFileSync(
    DOCUMENT,
    document.replace(marked, (_, begin, end) => `${begin}${text}\n${end}`)
  )
}
