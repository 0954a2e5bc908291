import { execFileSync } from 'node:child_process'

/** Processes that this one starts from now on run on these processors only: '0', '0-1'. */
export function pinTo(processors) {
  execFileSync('taskset', ['-cp', processors, String(process.pid)], { stdio: 'ignore' })
}
