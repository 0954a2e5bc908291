'use strict'

// What kinds of reasons there are. Of several for one object the first counts.
const KINDS = {
  PURPOSE: { rank: 0, name: 'on purpose' },
  INTERNAL: { rank: 1, name: 'internal' }
}

module.exports = { KINDS }
