// From require() to the first node that is bound. This process must not have loaded the package.
import { createRequire } from 'node:module'

const { file } = JSON.parse(process.argv[2])
const require = createRequire(import.meta.url)

const start = performance.now()
const DHT = require(file)
const node = new DHT({ bootstrap: false, host: '127.0.0.1' })
await node.bind()
const bound = node.address().port > 0
process.send({ ms: performance.now() - start, bound })
