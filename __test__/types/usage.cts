// Compiled, never run: the package by require(), and as a base class.
import DHT = require('../../index.js')

class Derived extends DHT {
  own = 1
}

const node: Derived = new Derived({
  bootstrap: [49737, '127.0.0.1:1', { host: '127.0.0.1', port: 1 }]
})
const started: Derived = Derived.bootstrapper(49737, '127.0.0.1')
const codes: number[] = [DHT.OK, DHT.ERROR_UNKNOWN_COMMAND, DHT.ERROR_INVALID_TOKEN]
void [node, started, codes]
