import exchanges from './exchanges.mjs'
import queries from './queries.mjs'
import bundledServed from './bundled-served.mjs'
import pingServed from './ping-served.mjs'
import findNodeServed from './find-node-served.mjs'
import userRequest from './user-request.mjs'
import openSockets from './open-sockets.mjs'
import socketSend from './socket-send.mjs'
import eventLoop from './event-loop.mjs'
import spinning from './spinning.mjs'
import { boot } from './boot.mjs'
import filter from './filter.mjs'
import nodes1000 from './nodes-1000.mjs'
import nodes8000 from './nodes-8000.mjs'
import lookups from './lookups.mjs'
import pingOneProcess from './ping-one-process.mjs'
import pingTwoProcesses from './ping-two-processes.mjs'
import streams from './streams.mjs'
import hyperdht from './hyperdht.mjs'
import firstNode from './first-node.mjs'

/**
 * All workloads, in the order of the table. Each is
 *
 *     name          for --only
 *     also          other names for --only
 *     description   what is done, in a line
 *     sides         whom it is done to, in the order of the first round
 *     rounds        how many: with all processors, and on one
 *     rows          what is shown of it: `{ title, figure, unit, better, must, aim }`; the targets
 *                   are those of lib/targets.mjs
 *     together      (referenceFirst) => Promise of the figures of one round of each side; where all
 *                   of them run at once
 *     round         otherwise: (side, memory) => Promise of the figures of one round by name, from fresh
 *                   processes; memory is an object that the rounds of one workload share
 */
export const WORKLOADS = [
  ...exchanges,
  ...queries,
  pingServed,
  findNodeServed,
  ...bundledServed,
  userRequest,
  openSockets,
  socketSend,
  eventLoop,
  spinning,
  boot(100, [7, 3]),
  lookups,
  filter,
  boot(2000, [5, 3]),
  nodes1000,
  nodes8000,
  pingOneProcess,
  pingTwoProcesses,
  ...streams,
  ...hyperdht,
  firstNode
]
