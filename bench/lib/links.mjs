/** What emulated links do, by the names of `load links`: rates in bytes a second, queues in bytes. */
export const LINKS = {
  // One packet in a hundred is lost, 50 ms there and back.
  'loss-1': { 'delay-ms': 25, rate: 5_000_000, queue: 250_000, loss: 0.01 },
  'loss-10': { 'delay-ms': 25, rate: 2_500_000, queue: 120_000, loss: 0.1 },
  // 600 ms there and back, and as much as chance adds: packets overtake each other.
  far: { 'delay-ms': 300, 'jitter-ms': 50, rate: 2_500_000, queue: 2_000_000 },
  // 10 Mbit/s, ten packets wait at most.
  short: { 'delay-ms': 10, rate: 1_250_000, queue: 15_000 }
}

/** The bottleneck that two streams share. */
export const SHARED = LINKS.short
