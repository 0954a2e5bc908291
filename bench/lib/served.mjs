import { Child } from './child.mjs'
import { drive, Floor } from './load.mjs'
import { FLOORS, PACKAGES } from './sides.mjs'

const HEARD = 2000

/**
 * One round of a node, or of the floor, that answers requests of another process. Resolves with
 * what bench/load measured. The floor sends as many bytes as the engine did: `memory` is kept
 * between the rounds of a workload. With `bundles` the other process sends and reads bundles; the
 * node's UDX has so many `sockets` open.
 */
export async function serve(side, memory, request, { bundles = false, sockets = 0, file } = {}) {
  const load = { request, bundles }
  if (FLOORS[side]) return serveFloor(memory.replyBytes, load, FLOORS[side])
  return withServer(
    side,
    async (child, port) => {
      const result = await drive({ port, pid: child.pid, ...load })
      if (side === 'engine') memory.replyBytes = result.replyBytes
      return checked(result)
    },
    { sockets, file }
  )
}

/**
 * Opens a node that has heard of so many others in a process of its own, and ends it when
 * `work(child, port, entries of its table)` is done. Its UDX has so many `sockets` open;
 * `file` is of another package than the one that is measured: of one above it.
 */
export async function withServer(
  side,
  work,
  { heard = HEARD, sockets = 0, file = PACKAGES[side] } = {}
) {
  const child = new Child('serve', { file, heard, sockets })
  try {
    const { port, entries } = await child.next()
    return await work(child, port, entries)
  } finally {
    await child.end()
  }
}

async function serveFloor(replyBytes, load, how) {
  const floor = await Floor.start(replyBytes, how)
  try {
    const { cpu } = checked(await drive({ port: floor.port, pid: floor.pid, ...load }))
    return { cpu }
  } finally {
    await floor.end()
  }
}

function checked(result) {
  if (result.answered === 0) throw new Error('Nothing was answered')
  return result
}
