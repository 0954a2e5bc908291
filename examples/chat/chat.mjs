// A chat over a topic:  node chat.mjs TOPIC NAME [MESSAGE...]
// Says the messages to everybody who joins the topic, then what is typed, and prints what others say.
// BOOTSTRAP=host:port stays in a private network.
import process from 'process'
import Hyperswarm from 'hyperswarm'
import crypto from 'hypercore-crypto'
import b4a from 'b4a'

const [topic, name, ...messages] = process.argv.slice(2)
const { BOOTSTRAP } = process.env

const swarm = new Hyperswarm(BOOTSTRAP ? { bootstrap: [BOOTSTRAP] } : {})
const say = (connection, text) => connection.write(b4a.from(`${name}: ${text}\n`))

swarm.on('connection', (connection) => {
  connection.on('error', () => {})
  connection.on('data', (data) => console.log(b4a.toString(data).trim()))
  for (const message of messages) say(connection, message)
})

process.stdin.on('data', (line) => {
  for (const connection of swarm.connections) say(connection, b4a.toString(line).trim())
})

swarm
  .join(crypto.hash(b4a.from(topic)))
  .flushed()
  .then(() => console.log(`${name} is in ${topic}`))
