import { Child } from './child.mjs'
import { PACKAGES } from './sides.mjs'

/**
 * Starts a bootstrap node in one process and `count` nodes in another, and ends both when
 * `work(child, joined)` is done. With `answers` the nodes answer a user's requests, with `filter` they
 * have a filterNode(). `file` is of a package above the one that is measured.
 */
export async function withCrowd(
  side,
  count,
  work,
  { answers = false, filter = false, file = PACKAGES[side] } = {}
) {
  const first = new Child('bootstrap', { file })
  try {
    const bootstrap = await first.next()
    const child = new Child(
      'crowd',
      { file, count, bootstrap, answers, filter },
      { execArgv: ['--expose-gc'] }
    )
    try {
      return await work(child, await child.next())
    } finally {
      await child.end()
    }
  } finally {
    await first.end()
  }
}
