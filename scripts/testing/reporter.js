'use strict'

// A reporter of node:test for scripts/test.js: in lines of JSON, each test that was skipped or is still to do, and how
// long each outermost test took.

const path = require('path')
const { ROOT } = require('../../lib/crossing/platform')

module.exports = async function* (events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const file = path.relative(ROOT, data.file || '')
    const reason = data.skip ?? data.todo
    if (reason !== undefined) yield line({ file, name: data.name, reason })
    if (data.nesting === 0) yield line({ file, ms: data.details.duration_ms })
  }
}

function line(record) {
  return `${JSON.stringify(record)}\n`
}
