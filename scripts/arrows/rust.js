'use strict'

const fs = require('fs')
const path = require('path')
const { strip } = require('./source')

// Which file imports which in a crate, tests left out. Both `use` and paths in the midst of code
// count; what a module hands on by `pub use` is taken to be where it is defined.

const PATH = /\b(?:crate|self|super)(?:\s*::\s*\w+)+/g

module.exports = { readCrate }

// root: the folder of lib.rs; files: their paths in it, or null for those that are there.
// Returns { file: { imports: Set of files, code, paths: what `use` names, types: Set of what it defines or
// implements } }.
function readCrate(root, files = null) {
  const sources = new Map()
  for (const file of files || list(root)) {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    sources.set(file, withoutTests(strip(text)))
  }
  return link(sources)
}

function list(root) {
  const all = fs.readdirSync(root, { recursive: true }).map((file) => file.replaceAll('\\', '/'))
  return all.filter((file) => file.endsWith('.rs')).sort()
}

function link(sources) {
  const modules = new Map()
  for (const file of sources.keys()) modules.set(moduleOf(file), file)
  const testOnly = new Set()
  for (const [file, { testModules }] of sources) {
    for (const name of testModules) testOnly.add([...segments(moduleOf(file)), name].join('::'))
  }

  const crate = {}
  for (const [file, { code }] of sources) {
    if (testOnly.has(moduleOf(file))) continue
    const paths = usesOf(code).map(({ steps }) => steps.join('::'))
    crate[file] = { imports: new Set(), code, paths, types: typesOf(code) }
  }
  const uses = new Map()
  for (const file of Object.keys(crate)) uses.set(moduleOf(file), usesOf(crate[file].code))

  for (const file of Object.keys(crate)) {
    const from = moduleOf(file)
    for (const steps of [...uses.get(from).map((use) => use.steps), ...inline(crate[file].code)]) {
      const found = resolve(absolute(from, steps), modules, uses, 0)
      if (found && found !== file && crate[found]) crate[file].imports.add(found)
    }
  }
  return crate
}

// 'engine/shard/mod.rs' is crate::engine::shard.
function moduleOf(file) {
  const steps = file.replace(/\.rs$/, '').split('/')
  if (['mod', 'lib', 'main'].includes(steps.at(-1))) steps.pop()
  return ['crate', ...steps].join('::')
}

function segments(module) {
  return module.split('::')
}

// The file in which what a path names is defined.
function resolve(steps, modules, uses, depth) {
  if (steps[0] !== 'crate' || depth > 8) return null
  let length = steps.length
  while (length > 0 && !modules.has(steps.slice(0, length).join('::'))) length--
  if (length === 0) return null
  const module = steps.slice(0, length).join('::')
  const rest = steps.slice(length)
  const handedOn = (uses.get(module) || []).find((use) => use.isPublic && use.name === rest[0])
  if (!handedOn) return modules.get(module)
  const target = [...absolute(module, handedOn.steps), ...rest.slice(1)]
  return resolve(target, modules, uses, depth + 1) || modules.get(module)
}

function absolute(from, steps) {
  const first = steps[0]
  if (first === 'crate') return steps
  if (first === 'self') return [...segments(from), ...steps.slice(1)]
  if (first !== 'super') return [...segments(from), ...steps]
  const ups = steps.findIndex((step) => step !== 'super')
  const count = ups === -1 ? steps.length : ups
  return [...segments(from).slice(0, -count), ...steps.slice(count)]
}

// [{ isPublic, name, steps }], one for each name of each `use`.
function usesOf(code) {
  const found = []
  for (const match of code.matchAll(/\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);/g)) {
    for (const steps of expand(match[2].replace(/\s+/g, ' ').trim())) {
      const alias = steps.at(-1).split(' as ')
      const clean = [...steps.slice(0, -1), alias[0]].filter((step) => step !== 'self' || false)
      const name = alias[1] || clean.at(-1)
      found.push({ isPublic: match[1] !== undefined, name, steps: restoreSelf(steps, clean) })
    }
  }
  return found
}

// `a::b::{self}` is a::b, `self::a` is self::a.
function restoreSelf(steps, clean) {
  return steps[0] === 'self' ? ['self', ...clean] : clean
}

// 'a::{b, c::d}' → [[a, b], [a, c, d]]
function expand(tree) {
  const open = tree.indexOf('{')
  if (open === -1) return [tree.split('::').map((step) => step.trim())]
  const head = tree.slice(0, open).split('::')
  const prefix = head.map((step) => step.trim()).filter((step) => step !== '')
  const inner = tree.slice(open + 1, tree.lastIndexOf('}'))
  return commas(inner).flatMap((part) => expand(part).map((steps) => [...prefix, ...steps]))
}

function commas(text) {
  const parts = ['']
  let depth = 0
  for (const char of text) {
    if (char === '{') depth++
    if (char === '}') depth--
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function inline(code) {
  const withoutUses = code.replace(/\b(?:pub(?:\([^)]*\))?\s+)?use\s+[^;]+;/g, '')
  const withoutScopes = withoutUses.replace(/\bpub\s*\(\s*in\s+[^)]*\)/g, 'pub')
  const found = [...withoutScopes.matchAll(PATH)]
  return found.map((match) => match[0].split('::').map((step) => step.trim()))
}

function typesOf(code) {
  const defined = [...code.matchAll(/\b(?:struct|enum|union|trait)\s+(\w+)/g)]
  const implemented = [
    ...code.matchAll(/\bimpl\b(?:\s*<[^{]*?>)?\s+(?:[\w:<>', ]+\s+for\s+)?(\w+)/g)
  ]
  return new Set([...defined, ...implemented].map((match) => match[1]))
}

// The code without modules that only tests have, and the names of those that are files.
function withoutTests(code) {
  const testModules = []
  const attribute =
    /#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*([;{])/
  for (;;) {
    const match = attribute.exec(code)
    if (match === null) return { code, testModules }
    const end = match.index + match[0].length
    if (match[2] === ';') testModules.push(match[1])
    code = masked(code, match.index, match[2] === ';' ? end : closing(code, end))
  }
}

// Lines keep their numbers.
function masked(code, start, end) {
  const hidden = code.slice(start, end).replace(/[^\n]/g, ' ')
  return code.slice(0, start) + hidden + code.slice(end)
}

function closing(code, at) {
  let depth = 1
  while (depth > 0 && at < code.length) {
    if (code[at] === '{') depth++
    if (code[at] === '}') depth--
    at++
  }
  return at
}
