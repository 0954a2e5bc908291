'use strict'

module.exports = { compareDistance }

// Which of two ids is nearer to target, by XOR.
function compareDistance(target, a, b) {
  for (let i = 0; i < 32; i++) {
    if (a[i] !== b[i]) return (a[i] ^ target[i]) - (b[i] ^ target[i])
  }
  return 0
}
