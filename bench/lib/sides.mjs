import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

/** The files of the packages that are measured, by side. */
export const PACKAGES = {
  // Not before somebody asks: on a fresh clone it is not installed yet.
  get reference() {
    return require.resolve('dht-rpc-reference')
  },
  engine: fileURLToPath(new URL('../../index.js', import.meta.url))
}

/** What has the class UDX, by side. */
export const UDX_PACKAGES = {
  get reference() {
    return require.resolve('udx-native')
  },
  engine: fileURLToPath(new URL('../../udx.js', import.meta.url))
}

/** Both packages, in the order of a round. */
export const BOTH = ['reference', 'engine']

/** Responders that do nothing else, by side, and how they are started. */
export const FLOORS = {
  floor: {},
  'floor with bundles': { bundles: true }
}
