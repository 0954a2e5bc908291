/** A line on stderr that says what runs now; an empty one when all is done. */
export function progress(what) {
  if (process.stderr.isTTY) process.stderr.write(`\r${what.padEnd(78)}${what ? '' : '\r'}`)
  else if (what) process.stderr.write(`${what}\n`)
}
