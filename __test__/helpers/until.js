const { once: onceOf } = require('node:events')

const DEADLINE = 8000

module.exports = { until, once, collect, turns, settled }

// Resolves with the first truthy value of the condition, rejects after the deadline.
async function until(condition, what, ms = DEADLINE) {
  const deadline = performance.now() + ms

  while (true) {
    const value = await condition()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`Not within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

// Resolves with the arguments of the next event, rejects after the deadline.
async function once(emitter, event, ms = DEADLINE) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), ms)

  try {
    return await onceOf(emitter, event, { signal: controller.signal })
  } catch (err) {
    if (err.name !== 'AbortError') throw err
    throw new Error(`No '${event}' within ${ms} ms`)
  } finally {
    clearTimeout(timer)
  }
}

// The names of the given events in the order in which they are emitted.
function collect(emitter, ...events) {
  const seen = []
  for (const event of events) emitter.on(event, () => seen.push(event))
  return seen
}

async function turns(n) {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
}

// 'resolved', the error it rejected with, or 'pending' when the turns at hand bring no answer.
async function settled(promise, n = 5) {
  let state = 'pending'
  promise.then(
    () => (state = 'resolved'),
    (err) => (state = err)
  )
  await turns(n)
  return state
}
