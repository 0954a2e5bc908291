'use strict'

const { parsers } = require('prettier/plugins/markdown')

module.exports = parse

// The anchors, links and code of a page in Markdown.
async function parse(text) {
  const page = { anchors: new Set(), links: [], codes: [] }
  visit(await parsers.markdown.parse(text, {}), page)
  return page
}

function visit(node, page) {
  const line = node.position.start.line
  switch (node.type) {
    case 'heading':
      page.anchors.add(unused(slug(textOf(node)), page.anchors))
      break
    case 'link':
    case 'image':
    case 'definition':
      page.links.push({ to: node.url, line })
      break
    case 'html':
      for (const [, to] of node.value.matchAll(/(?:src|href)="([^"]*)"/g)) {
        page.links.push({ to, line })
      }
      for (const [, name] of node.value.matchAll(/<a (?:id|name)="([^"]*)"/g)) {
        page.anchors.add(name)
      }
      break
    case 'code':
    case 'inlineCode':
      page.codes.push({
        text: node.value,
        isSpan: node.type === 'inlineCode',
        lang: node.lang,
        line
      })
  }
  for (const child of node.children || []) visit(child, page)
}

function textOf(node) {
  return node.value ?? (node.children || []).map(textOf).join('')
}

// The anchor that GitHub and npm give to a heading.
function slug(heading) {
  const kept = heading.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
  return kept.replaceAll(' ', '-')
}

function unused(name, names) {
  if (!names.has(name)) return name
  let n = 1
  while (names.has(`${name}-${n}`)) n++
  return `${name}-${n}`
}
