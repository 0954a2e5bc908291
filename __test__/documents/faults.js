'use strict'

const path = require('node:path')

const FILE = /^[\w./-]+\.(rs|js|cjs|mjs|ts|c|md|svg|toml|json)$/
const FOLDER = /^[\w.-]+(\/[\w.-]+)*\/$/
// Of code, and of commands.
const IDENTIFIER = /^[A-Za-z_]\w+$/
// Names of the C library's, of another crate's, of Node.js'.
const OTHERS = new Set(['malloc', 'blake2b_simd', '_tickCallback'])
// Names that the reference has, asked of it by a test of its own.
const REFERENCE = 'docs/compatibility.md'
const ROOMS = 'src|lib|__test__|tests|scripts|bench|benches|fuzz|examples|docs|\\.ci'
const PATH = new RegExp(`(?<![\\w./-])(${ROOMS})/([\\w./-]*[\\w/])?`, 'g')
const COMMENT = /\/\/.*|^\s*\*.*/

module.exports = findFaults

// Lines such as 'docs/scale.md:3: there is no docs/growth.md': of all pages, and of what comments in
// src/ and lib/ point at.
async function findFaults(tree) {
  const faults = tree.code.flatMap((file) => faultsOfComments(tree, file))
  for (const page of tree.pages) {
    const { links, codes } = await tree.page(page)
    const tell = ({ line }, fault) => fault && faults.push(`${page}:${line}: ${fault}`)
    for (const link of links) tell(link, await faultOfLink(tree, page, link.to))
    for (const code of codes) {
      for (const fault of faultsOfCode(tree, page, code)) tell(code, fault)
    }
  }
  return faults
}

async function faultOfLink(tree, page, to) {
  if (/^[a-z]+:/.test(to)) return null
  const [file, anchor] = decodeURI(to).split('#')
  const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
  if (!tree.has(target)) return `there is no ${target}`
  if (!anchor || !target.endsWith('.md')) return null
  const { anchors } = await tree.page(target)
  return anchors.has(anchor) ? null : `${target} has no #${anchor}`
}

function faultsOfCode(tree, page, { text, isSpan }) {
  const faults = []
  for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) {
    if (!Object.hasOwn(tree.scripts, name)) faults.push(`there is no script ${name}`)
  }
  for (const [, kind, name] of text.matchAll(/cargo .*?--(test|bench|example) (\w+)/g)) {
    if (!hasTarget(tree, kind, name)) faults.push(`cargo has no ${kind} ${name}`)
  }
  for (const place of missing(tree, text)) faults.push(`there is no ${place}`)
  if (isSpan && page !== REFERENCE && faults.length === 0) faults.push(...faultsOfSpan(tree, text))
  return faults
}

function faultsOfComments(tree, file) {
  if (!/^(src|lib)\//.test(file)) return []
  return tree
    .read(file)
    .split('\n')
    .flatMap((line, i) =>
      missing(tree, COMMENT.exec(line)?.[0] ?? '').map(
        (place) => `${file}:${i + 1}: there is no ${place}`
      )
    )
}

function missing(tree, text) {
  const places = [...text.matchAll(PATH)].map(([place]) => place)
  return places.filter((place) => !tree.has(place))
}

function faultsOfSpan(tree, text) {
  if (FILE.test(text) || FOLDER.test(text)) {
    return tree.hasEndingWith(text) ? [] : [`nothing is called ${text}`]
  }
  const names = text.split(/::|\.|\(\)$/).filter((name) => IDENTIFIER.test(name))
  return names.filter((name) => !isKnown(tree, name)).map((name) => `no code has ${name}`)
}

function isKnown(tree, name) {
  return OTHERS.has(name) || tree.words.has(name)
}

function hasTarget(tree, kind, name) {
  const folder = kind === 'bench' ? 'benches' : `${kind}s`
  return tree.has(`${folder}/${name}.rs`) || tree.has(`${folder}/${name}/main.rs`)
}
