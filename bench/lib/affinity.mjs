import { execFileSync } from 'node:child_process'

/**
 * Runs `work` while processes that this one starts may only run on the first of the processors that
 * it is allowed, and so what they start.
 */
export async function pinnedToFirst(work) {
  const before = taskset().trim().split(' ').pop()
  taskset(firstOf(before))
  try {
    return await work()
  } finally {
    taskset(before)
  }
}

/** Of a list as the system writes it: '0,1', '2-3', '4-7:2'. */
export function firstOf(processors) {
  return /^\d+/.exec(processors)[0]
}

// Without a list it only says which ones there are: "pid 7's current affinity list: 0,1".
function taskset(...list) {
  return execFileSync('taskset', ['-cp', ...list, String(process.pid)], { encoding: 'utf8' })
}
