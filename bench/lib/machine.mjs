import os from 'node:os'

/** What the figures were measured on, in a line. */
export function machine() {
  const [cpu] = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  const kernel = `${os.type()} ${os.release().split('-')[0]}`
  return `${os.cpus().length} × ${cpu.model.trim()}, ${memory} GiB, ${kernel}, Node ${process.version}`
}
