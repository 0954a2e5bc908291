'use strict'

// Why members of the reference are not there, or are other ones. All that is written by hand: what
// members there are, and which of them differ, the walk finds out.

const blocks = [
  ...require('./reasons/node'),
  ...require('./reasons/io'),
  ...require('./reasons/sockets')
]

const reasons = new Map()
for (const { of, kind, members, why } of blocks) {
  for (const member of members) {
    const name = `${of} / ${member}`
    if (reasons.has(name)) throw new Error(`two reasons for ${name}`)
    reasons.set(name, { of, member, kind, why })
  }
}

module.exports = { reasonOf, reasonsWithout }

function reasonOf({ of, member }) {
  return reasons.get(`${of} / ${member}`) || null
}

// Those that are for none of the rows.
function reasonsWithout(rows) {
  const names = new Set(rows.map(({ of, member }) => `${of} / ${member}`))
  return [...reasons].filter(([name]) => !names.has(name)).map(([, reason]) => reason)
}
