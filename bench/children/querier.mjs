// Queries a network of another process. Options: `bootstrap`. Says that it is ready, then makes the
// queries that it is told of, see queries.mjs.
import { DHT, options } from './support.mjs'
import { openQuerier } from './queries.mjs'

const querier = await openQuerier(DHT, options.bootstrap)
process.on('message', async (queries) => process.send(await querier.run(queries)))
process.send('ready')
