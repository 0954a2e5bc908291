'use strict'

module.exports = { median }

// The middle one; of an even number the mean of the middle two; NaN of none.
function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
