'use strict'

// What reporter.js wrote of a run: what was skipped and why, and which files took long.

const fs = require('fs')
const { isExcused, missingPackages } = require('../needs')

module.exports = { readRecords, skips, unexcused, showSkips, showSlowest }

function readRecords(file) {
  if (!fs.existsSync(file)) return []
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(JSON.parse)
}

function skips(records) {
  return records.filter(({ reason }) => reason !== undefined)
}

function unexcused(records) {
  return skips(records).filter(({ reason }) => !isExcused(reason))
}

// By reason, and what to install.
function showSkips(records) {
  const skipped = skips(records)
  if (skipped.length === 0) return ''
  const lines = [`Skipped: ${skipped.length} test${skipped.length === 1 ? '' : 's'}`]
  for (const reason of new Set(skipped.map(({ reason }) => reason))) {
    lines.push(`  ${reason === true ? 'no reason given' : reason}`)
    const same = skipped.filter((skip) => skip.reason === reason)
    lines.push(...same.map(({ file, name }) => `    ${file}: ${name}`))
  }
  const packages = missingPackages()
  if (packages.length > 0) {
    lines.push(`To run them: apt-get update && apt-get install ${packages.join(' ')}`)
  }
  return lines.join('\n')
}

function showSlowest(records, count) {
  const files = new Map()
  for (const { file, ms } of records) if (ms) files.set(file, (files.get(file) || 0) + ms)
  return [...files]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([file, ms]) => `  ${(ms / 1000).toFixed(1)} s  ${file}`)
    .join('\n')
}
