'use strict'

module.exports = { compareDistance, commonPrefix }

// Which of two ids is nearer to target, by XOR.
function compareDistance(target, a, b) {
  for (let i = 0; i < 32; i++) {
    if (a[i] !== b[i]) return (a[i] ^ target[i]) - (b[i] ^ target[i])
  }
  return 0
}

// How many bits two ids begin alike with.
function commonPrefix(a, b) {
  for (let i = 0; i < 32; i++) {
    if (a[i] !== b[i]) return 8 * i + Math.clz32(a[i] ^ b[i]) - 24
  }
  return 256
}
