import { Child } from './child.mjs'
import { drive, Floor } from './load.mjs'
import { PACKAGES } from './sides.mjs'

/** Nodes in the table of a node that is asked. */
export const KNOWN = 150

/**
 * One round of a node, or of the floor, that answers requests of another process. Resolves with
 * what bench/load measured. The floor sends as many bytes as the engine did: `memory` is kept
 * between the rounds of a workload.
 */
export async function serve(side, memory, request) {
  if (side === 'floor') return serveFloor(memory.replyBytes, request)
  return withServer(side, async (child, port) => {
    const result = await drive({ port, pid: child.pid, request })
    if (side === 'engine') memory.replyBytes = result.replyBytes
    return checked(result)
  })
}

/** Opens a node in a process of its own and ends it when `work(child, port)` is done. */
export async function withServer(side, work, known = KNOWN) {
  const child = new Child('serve', { file: PACKAGES[side], known })
  try {
    const { port } = await child.next()
    return await work(child, port)
  } finally {
    await child.end()
  }
}

async function serveFloor(replyBytes, request) {
  const floor = await Floor.start(replyBytes)
  try {
    const { cpu } = checked(await drive({ port: floor.port, pid: floor.pid, request }))
    return { cpu }
  } finally {
    await floor.end()
  }
}

function checked(result) {
  if (result.answered === 0) throw new Error('Nothing was answered')
  return result
}
