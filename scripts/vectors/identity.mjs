import { createIO, peer } from './reference.mjs'

export function ids() {
  const addresses = [
    ['0.0.0.0', 0],
    ['127.0.0.1', 49737],
    ['1.2.3.4', 1],
    ['88.99.3.86', 0x1234],
    ['255.255.255.255', 65535]
  ]

  return addresses.map(([host, port]) => ({
    addr: `${host}:${port}`,
    id: peer.id(host, port).toString('hex')
  }))
}

export function tokens() {
  const hosts = ['0.0.0.0', '1.2.3.4', '10.20.30.40', '255.255.255.255']
  const secrets = [Buffer.alloc(32), Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7))]

  const io = createIO()
  io._secrets = secrets

  return hosts.flatMap((host) =>
    secrets.map((secret, i) => ({
      secret: secret.toString('hex'),
      host,
      token: io.token({ host }, i).toString('hex')
    }))
  )
}
