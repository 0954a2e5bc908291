// What the story and the article need besides the package itself.
import dgram from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const OWN = fileURLToPath(new URL('..', import.meta.url))

// The package under `folder`; DHT_PACKAGE names another folder than this project's own.
export function loadDHT(folder = process.env.DHT_PACKAGE || OWN) {
  return require(path.resolve(folder))
}

// A UDP port that nobody has on `host` right now.
export async function freePort(host) {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, host)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
