import { machine } from './machine.mjs'
import { put } from './document.mjs'
import { table } from './table.mjs'

/** Puts the results of a full run into docs/performance.md. */
export async function write(results) {
  const all = results.filter(({ oneCore }) => !oneCore)
  const one = results.filter(({ oneCore }) => oneCore)
  put('machine', `${machine()}.`)
  put('table', table(all))
  put('one-core', table(one))
}
