// The first node of a network. Sends its port.
import { addressOf, openNode } from './support.mjs'

process.send(addressOf(await openNode()))
