'use strict'

// The tables of docs/runtimes.md.

const { platformName } = require('../../lib/crossing/platform')
const { table } = require('../markdown')
const { writeMarked } = require('../marked')

const PAGE = 'docs/runtimes.md'
// What people ask for first.
const FIRST = ['the article', 'exit', 'workers', 'suspend']

module.exports = { write, summary }

// results: { runtime, reference, checks }, in the order of their columns.
function write(results) {
  writeMarked(PAGE, 'runtimes', `On ${platformName()}:\n\n${stories(results)}`)
  writeMarked(PAGE, 'suites', suites(results))
  writeMarked(PAGE, 'limits', limits(results))
}

function summary(results) {
  return results
    .map(({ runtime, checks }) => {
      const sum = (field) => checks.reduce((total, check) => total + check[field].length, 0)
      const passed = checks.reduce((total, check) => total + check.passed, 0)
      const title = `${runtime.name} ${runtime.version}`.padEnd(18)
      return `${title} ${passed} passed, ${sum('failures')} failed, ${sum('limits')} cannot run there`
    })
    .join('\n')
}

function stories(results) {
  const word = (check) => (check.failures.length === 0 ? 'passes' : 'fails')
  const rows = results.map(({ runtime, reference, checks }) => [
    runtime.name.split(' ')[0],
    runtime.version,
    word(reference),
    word(checks.find(({ title }) => title === 'the article'))
  ])
  return table(['runtime', 'version', 'dht-rpc', 'this package'], rows)
}

function suites(results) {
  const titles = [...new Set(results.flatMap(({ checks }) => checks.map(({ title }) => title)))]
  const place = (title) => (FIRST.includes(title) ? FIRST.indexOf(title) : FIRST.length)
  titles.sort((a, b) => place(a) - place(b))
  const rows = titles.map((title) => [
    title,
    ...results.map(({ checks }) => cell(checks.find((check) => check.title === title)))
  ])
  return table(['', ...results.map(({ runtime }) => runtime.name)], rows)
}

function cell(check) {
  if (check === undefined) return ''
  const { passed, failures, limits } = check
  const all = passed + failures.length + limits.length
  return passed === all ? String(passed) : `${passed} of ${all}`
}

function limits(results) {
  const rows = results.flatMap(({ runtime, checks }) =>
    checks.flatMap((check) => check.limits.map(({ what, reason }) => [runtime.name, what, reason]))
  )
  return table(['runtime', 'what', 'why not'], rows)
}
