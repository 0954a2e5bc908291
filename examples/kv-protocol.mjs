// What stores and clients agree on: the numbers of the commands and how a key comes from a value.
import { createHash } from 'node:crypto'

export const GET = 0
export const PUT = 1
export const NOT_STORABLE = 20

export function keyOf(value) {
  return createHash('sha256').update(value).digest()
}
