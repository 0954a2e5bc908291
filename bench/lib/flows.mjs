import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { createRequire } from 'node:module'
import { LineProcess } from './line-process.mjs'

const { PROGRAM } = createRequire(import.meta.url)('../../scripts/load.js')

const END = fileURLToPath(new URL('../children/udx-end.mjs', import.meta.url))
const OURS = path.join(path.dirname(PROGRAM), 'examples', 'udx-end')
const REFERENCE = process.env.UDX_NATIVE || 'udx-native'

/**
 * Streams that write as much as they may, over emulated links that they share.
 *
 * @param {object} how
 * @param {object} how.link what the links do, by the names of `load links`
 * @param {number} how.seed
 * @param {Array<{ sender: string, receiver: string, at?: number }>} how.flows who sends to whom,
 *   `ours` or `reference`, and when each begins (ms)
 * @param {number} how.from when counting begins (ms after the last flow began)
 * @param {number} how.ms how long it is counted
 * @returns for each flow `goodput` (bytes a second), `retransmits` (a packet sent), `last` (the
 *   sender's figures at the end)
 */
export async function flow({ link, seed, flows, from, ms }) {
  const settings = Object.entries(link).map(([name, value]) => `${name}=${value}`)
  const links = new LineProcess(PROGRAM, ['links', seed, ...settings])
  const ends = []
  try {
    for (const { sender, receiver } of flows)
      ends.push([start(sender, 'yes'), start(receiver, 'no')])
    const joins = []
    for (const [sender, receiver] of ends) joins.push(await join(links, sender, receiver))
    let passed = 0
    for (const [n, { at = 0 }] of flows.entries()) {
      await sleep(at - passed)
      passed = at
      joins[n]()
    }
    await sleep(from)
    const before = await reports(ends)
    await sleep(ms)
    const after = await reports(ends)
    return ends.map((_, n) => figures(before[n], after[n]))
  } finally {
    await Promise.all([links, ...ends.flat()].map((process) => process.end()))
  }
}

function start(kind, writes) {
  if (kind === 'ours') return new LineProcess(OURS, [writes])
  return new LineProcess(process.execPath, [END, REFERENCE, writes])
}

// What begins the stream, once the links are there.
async function join(links, sender, receiver) {
  const ports = [await sender.line(), await receiver.line()]
  const [forSender, forReceiver] = (await links.ask(`pair ${ports.join(' ')}`)).split(' ')
  return () => {
    receiver.say(`connect ${forReceiver} 2 1`)
    sender.say(`connect ${forSender} 1 2`)
  }
}

function reports(ends) {
  const report = async (end) => ({ at: performance.now(), ...JSON.parse(await end.ask('report')) })
  return Promise.all(ends.map((pair) => Promise.all(pair.map(report))))
}

function figures([sender0, receiver0], [sender, receiver]) {
  const seconds = (receiver.at - receiver0.at) / 1000
  return {
    goodput: (receiver.received - receiver0.received) / seconds,
    retransmits: (sender.retransmits - sender0.retransmits) / (sender.sent - sender0.sent),
    last: sender
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
