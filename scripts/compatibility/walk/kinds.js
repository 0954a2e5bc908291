'use strict'

// What kinds of reasons there are. Of several for one object the first counts.
const KINDS = {
  PURPOSE: { rank: 0, name: 'on purpose' },
  SOCKETS: { rank: 1, name: 'sockets and udx' },
  INTERNAL: { rank: 2, name: 'internal' }
}

module.exports = { KINDS }
