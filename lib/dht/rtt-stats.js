'use strict'

// How long the nodes near to the latest one took to answer: of all replies of a lookup, and of the
// closest.
module.exports = async function rttStats(dht) {
  const stats = { successes: 0, errors: 0, responses: none(), closestReplies: none() }
  const { latest } = dht.nodes
  if (latest === null) return stats

  const query = dht.findNode(latest.id)
  const responses = []
  for await (const reply of query) responses.push(reply)

  stats.responses = summary(responses)
  stats.closestReplies = summary(query.closestReplies)
  stats.successes = query.successes
  stats.errors = query.errors
  return stats
}

function none() {
  return { avgRtt: 0, errors: 0, avgCloserNodes: 0 }
}

// The averages of no replies at all are NaN.
function summary(replies) {
  const average = (sum) => sum / replies.length
  return {
    avgRtt: average(total(replies, (reply) => reply.rtt)),
    errors: total(replies, (reply) => reply.error),
    avgCloserNodes: average(total(replies, ({ closerNodes }) => (closerNodes || []).length))
  }
}

function total(replies, number) {
  return replies.reduce((sum, reply) => sum + number(reply), 0)
}
