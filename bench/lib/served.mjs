import { Child } from './child.mjs'
import { drive, Floor } from './load.mjs'
import { PACKAGES } from './sides.mjs'

const HEARD = 2000

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

/**
 * Opens a node that has heard of so many others in a process of its own, and ends it when
 * `work(child, port, entries of its table)` is done.
 */
export async function withServer(side, work, heard = HEARD) {
  const child = new Child('serve', { file: PACKAGES[side], heard })
  try {
    const { port, entries } = await child.next()
    return await work(child, port, entries)
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
