import pingServed from './ping-served.mjs'
import findNodeServed from './find-node-served.mjs'
import userRequest from './user-request.mjs'
import eventLoop from './event-loop.mjs'
import spinning from './spinning.mjs'
import { boot } from './boot.mjs'
import memory from './memory.mjs'
import nodes8000 from './nodes-8000.mjs'
import lookups from './lookups.mjs'
import pingOneProcess from './ping-one-process.mjs'
import pingTwoProcesses from './ping-two-processes.mjs'
import pings64 from './pings-64.mjs'
import requests1kb from './requests-1kb.mjs'
import idle from './idle.mjs'
import firstNode from './first-node.mjs'

/**
 * All workloads, in the order of the table. Each is
 *
 *     name          for --only
 *     description   what is done, in a line
 *     sides         whom it is done to, in the order of the first round
 *     rounds        how many: with all processors, and on one
 *     rows          what is shown of it: `{ title, figure, unit, better, must, aim }`; the targets
 *                   are those of lib/targets.mjs
 *     round         (side, memory) => Promise of the figures of one round by name, from fresh
 *                   processes; memory is an object that the rounds of one workload share
 */
export const WORKLOADS = [
  pingServed,
  findNodeServed,
  userRequest,
  eventLoop,
  spinning,
  boot(100, [5, 3]),
  boot(800, [3, 1]),
  boot(2000, [3, 1]),
  memory,
  nodes8000,
  lookups,
  pingOneProcess,
  pingTwoProcesses,
  pings64,
  requests1kb,
  idle,
  firstNode
]
