// Puts a value into the network of stores, or gets one.
//   node examples/kv-client.mjs put VALUE [BOOTSTRAP]      prints the key
//   node examples/kv-client.mjs get KEY [BOOTSTRAP]        prints the value
import DHT from '../index.js' // in your own project: from 'dht-rpc'
import { GET, PUT, keyOf } from './kv-protocol.mjs'

const [verb, argument, bootstrap = '127.0.0.1:10001'] = process.argv.slice(2)
const run = { put, get }[verb]
if (!run || !argument) {
  console.error('usage: kv-client.mjs put VALUE | get KEY  [BOOTSTRAP]')
  process.exit(2)
}

const node = new DHT({ bootstrap: [bootstrap] })
try {
  console.log(await run(argument))
} catch (err) {
  console.error(err.message)
  process.exitCode = 1
} finally {
  await node.destroy()
}

async function put(text) {
  const value = Buffer.from(text)
  const target = keyOf(value)
  await node.query({ target, command: PUT, value }, { commit: true }).finished()
  return target.toString('hex')
}

async function get(key) {
  const target = Buffer.from(key, 'hex')
  for await (const { value } of node.query({ target, command: GET })) {
    if (value && keyOf(value).equals(target)) return value.toString()
  }
  throw new Error('nobody has it')
}
