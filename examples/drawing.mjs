// Plain-text pictures of a network, for the story.

const BUCKET_SIZE = 20
const BAR = 40

// One line a bucket: nodes that share exactly that many leading bits with the table's id.
export function drawBuckets(id, nodes) {
  const counts = []
  for (const node of nodes) {
    const bits = sharedBits(id, node.id)
    counts[bits] = (counts[bits] || 0) + 1
  }
  const lines = Array.from(counts, (count = 0, bits) => {
    const bar = '█'.repeat(count).padEnd(BUCKET_SIZE, '·')
    return `${String(bits).padStart(15)}  ${bar} ${String(count).padStart(3)}`
  })
  return ['    shared bits  nodes', ...lines].join('\n')
}

// One line a holder: its place among all nodes by distance to the key, and how near it is.
export function drawHolders(key, holders, everyone) {
  const byDistance = (a, b) => Buffer.compare(distance(key, a), distance(key, b))
  const ranking = [...everyone].sort(byDistance)
  const lines = [...holders].sort(byDistance).map((id) => {
    const bits = sharedBits(key, id)
    return [
      `${id.toString('hex').slice(0, 8)}…`.padStart(15),
      `${ranking.indexOf(id) + 1}.`.padStart(6),
      String(bits).padStart(13),
      log2(distance(key, id)).toFixed(1).padStart(15)
    ].join('')
  })
  return ['    node          rank  shared bits  log2(distance)', ...lines].join('\n')
}

export function drawProgress(done, total, start) {
  const filled = Math.floor((done / total) * BAR)
  const bar = '█'.repeat(filled).padEnd(BAR, '·')
  const line = `    nodes up  ${bar} ${done}/${total}  ${seconds(start)}`
  if (process.stdout.isTTY) process.stdout.write(`\r${line}${done === total ? '\n' : ''}`)
  else if (done % (total / 4) === 0) console.log(line)
}

export function seconds(start) {
  const ms = performance.now() - start
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

function distance(a, b) {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]))
}

function sharedBits(a, b) {
  const i = a.findIndex((byte, i) => byte !== b[i])
  return i === -1 ? a.length * 8 : i * 8 + Math.clz32(a[i] ^ b[i]) - 24
}

function log2(distance) {
  const i = distance.findIndex((byte) => byte !== 0)
  if (i === -1) return -Infinity
  const lead = distance[i] + (distance[i + 1] || 0) / 256
  return Math.log2(lead) + (distance.length - 1 - i) * 8
}
