'use strict'

// What kinds of reasons there are. Of several for one object the first counts.
const KINDS = {
  TO_BUILD: { rank: 0, name: 'to build' },
  PURPOSE: { rank: 1, name: 'on purpose' },
  SOCKETS: { rank: 2, name: 'sockets and udx' },
  INTERNAL: { rank: 3, name: 'internal' }
}

module.exports = { KINDS }
