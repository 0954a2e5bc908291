import { execFileSync } from 'node:child_process'

/**
 * Runs `work` while processes that this one starts may only run on these processors ('0', '0-1'),
 * and so what they start.
 */
export async function pinnedTo(processors, work) {
  const before = taskset().trim().split(' ').pop()
  taskset(processors)
  try {
    return await work()
  } finally {
    taskset(before)
  }
}

// Without a list it only says which ones there are: "pid 7's current affinity list: 0,1".
function taskset(...list) {
  return execFileSync('taskset', ['-cp', ...list, String(process.pid)], { encoding: 'utf8' })
}
