import { AdaptiveTimeout, createIO, createRandom, Health, NatSampler } from './reference.mjs'

/** Samples of how nodes see us, with the outcome after each. */
export function natSamples() {
  const agreed = Array.from({ length: 20 }, () => '1.2.3.4:1000')
  const randomized = Array.from({ length: 20 }, (_, i) => `1.2.3.4:${1000 + i}`)
  const scattered = Array.from({ length: 20 }, (_, i) => `1.2.3.${i}:1000`)
  const portless = Array.from({ length: 20 }, () => '1.2.3.4:0')

  return [
    agreed,
    randomized,
    scattered,
    portless,
    [...agreed, ...randomized],
    [...randomized, ...agreed],
    [...agreed, ...scattered, ...agreed],
    ...Array.from({ length: 40 }, (_, seed) => randomSamples(seed))
  ].map(sampled)
}

/** Round-trip times and asked time-outs without jitter, at times in ms since the first. */
export function timeouts() {
  const small = { maxSize: 4, maxAge: 9000 }
  const tight = { min: 500, max: 700, fallback: [0, 100] }

  return [
    timeoutSequence({}, 1, 200, 20000),
    timeoutSequence({}, 2, 200, 400000),
    timeoutSequence(small, 3, 400, 2500),
    timeoutSequence(small, 4, 400, 20000),
    timeoutSequence(tight, 5, 100, 20000)
  ]
}

/** Sends, replies and drains of the congestion window, with what it says after each. */
export function windows() {
  return [1, 2, 5, 80].map((max) => {
    const random = createRandom(max)
    const io = createIO()
    const congestion = new io.congestion.constructor(max)

    const steps = Array.from({ length: 50 + 8 * max }, () => {
      const step = random(max + 2) === 0 ? 'drain' : ['send', 'send', 'recv'][random(3)]
      congestion[step]()
      return [step, congestion.isFull()]
    })

    return { max, steps }
  })
}

/** Counters of ticks, with the judgement after each. */
export function health() {
  const repeat = (n, ...steps) => Array.from({ length: n }, () => steps).flat()
  const healthy = [10, 1]
  const degraded = [4, 6]
  const half = [5, 5]
  const offline = [0, 6]
  const idle = [1, 1]

  return [
    repeat(10, healthy),
    [...repeat(10, degraded), ...repeat(10, healthy)],
    [...repeat(8, degraded), ...repeat(3, healthy), degraded, ...repeat(6, healthy)],
    [...repeat(8, degraded), ...repeat(8, idle), ...repeat(8, healthy)],
    [...repeat(8, healthy), offline, idle, idle, offline, offline, idle, healthy],
    [...repeat(8, degraded), offline, offline, healthy],
    repeat(20, half),
    repeat(20, offline),
    [...repeat(3, offline), ...repeat(5, healthy)]
  ].map(judged)
}

function randomSamples(seed) {
  const random = createRandom(seed)
  const hosts = 1 + (seed % 3)
  const ports = 1 + ((seed >> 2) % 4)

  return Array.from({ length: 80 }, () => {
    const common = random(10) < 6
    return common ? '1.2.3.4:1000' : `1.2.3.${4 + random(hosts)}:${1000 + random(ports)}`
  })
}

function sampled(samples) {
  const nat = new NatSampler()

  return samples.map((addr) => {
    const [host, port] = addr.split(':')
    nat.add(host, Number(port))
    return [addr, nat.host, nat.port, nat.size]
  })
}

function timeoutSequence(opts, seed, length, maxPause) {
  const random = createRandom(seed)
  const maxAge = opts.maxAge || 600000
  const generation = Math.ceil((2 / 3) * maxAge)
  const adaptive = new AdaptiveTimeout({ ...opts, jitter: 0 })

  // The cache's own timer is replaced by turns at its times, on the clock of the sequence
  clearInterval(adaptive._cache._interval)

  let now = 0
  let turned = 0

  const steps = Array.from({ length }, (_, i) => {
    if (i > 0) now += random(maxPause)
    for (; turned + generation <= now; turned += generation) adaptive._cache._gcAuto()

    const to = `10.0.0.${random(8)}:1000`
    if (random(2) === 0) {
      const rtt = random([2, 60, 1500, 5000][random(4)])
      adaptive.put(to, rtt)
      return { now, to, rtt }
    }

    const attempt = 1 + random(6)
    return { now, to, attempt, timeout: adaptive.get(to, attempt) || 1000 }
  })

  return { ...opts, steps }
}

function judged(ticks) {
  const stats = { requests: { responses: 0, timeouts: 0 } }
  const health = new Health({ stats, _online() {}, _degraded() {}, _offline() {} })

  return ticks.map(([responses, timeouts]) => {
    stats.requests.responses += responses
    stats.requests.timeouts += timeouts
    health.update()
    return { ...stats.requests, judgement: health.stats }
  })
}
