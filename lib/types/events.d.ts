import { Request } from './messages'
import { NetworkInterface } from './network'
import { Node } from './state'

export interface Events {
  /** The sockets are bound. */
  listening: []
  /** The bootstrap is done. */
  ready: []
  bootstrap: []
  /** In the tables of others from now on. */
  persistent: []
  /** Not any more. */
  ephemeral: []
  /** The machine has slept. */
  wakeup: []
  'wake-up': []
  /** A user's command. */
  request: [req: Request]
  'nat-update': [host: string | null, port: number]
  /** `online` or `degraded` changed, or the interfaces did. */
  'network-update': []
  'network-change': [interfaces: NetworkInterface[]]
  'add-node': [node: Node]
  'remove-node': [node: Node]
  suspend: []
  resume: []
  close: []
  /** The engine gave the node up, with the code NODE_CRASHED. */
  error: [err: Error]
}

/** Of a DHTError, whose message begins with its code. */
export type RequestErrorCode =
  'REQUEST_TIMEOUT' | 'REQUEST_DESTROYED' | 'IO_SUSPENDED' | 'TOO_MANY_REQUESTS' | NodeErrorCode

/** The node was destroyed, or the engine gave it up. */
export type NodeErrorCode = 'NODE_DESTROYED' | 'NODE_CRASHED'

export type QueryErrorCode = 'TOO_FEW_NODES' | 'NODE_WAS_DESTROYED' | 'NO_TOKEN' | RequestErrorCode

/** Nobody was there to commit to. */
export interface TooFewNodesError extends Error {
  code: 'TOO_FEW_NODES'
  /** How many answered the lookup. */
  answered: number
  /** How many of them were persistent. */
  persistent: number
}

/** Of a TypeError or RangeError that names the field, what was given and what is allowed. */
export type InputErrorCode =
  | 'ERR_INVALID_HOST'
  | 'ERR_INVALID_PORT'
  | 'ERR_INVALID_TARGET'
  | 'ERR_INVALID_TOKEN'
  | 'ERR_INVALID_ID'
  | 'ERR_INVALID_VALUE'
  | 'ERR_VALUE_TOO_LARGE'
  | 'ERR_INVALID_COMMAND'
  | 'ERR_INVALID_BOOTSTRAP'
  | 'ERR_INVALID_SOCKET'
  | 'ERR_INVALID_SESSION'
  | 'ERR_INVALID_ERROR'
  | 'ERR_INVALID_OPTION'
  | 'ERR_DELAY_TOO_LONG'
