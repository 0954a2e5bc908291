// Hundredths, the flattest first: of two that fit as well, that one is taken.
const EXPONENTS = Array.from({ length: 301 }, (_, i) => ((i % 2 ? 1 : -1) * ((i + 1) >> 1)) / 100)

/**
 * The line through what was measured against the logarithm of the size, by least squares:
 * `slope · log₂ n + offset`. `r2`: what part of the variance it explains.
 *
 * @param {[number, number][]} points `[size, value]`, of two sizes at least
 */
export function logarithm(points) {
  const at = points.map(([size, value]) => [Math.log2(size), value])
  const mean = (i) => sum(at.map((point) => point[i])) / at.length
  const [x, y] = [mean(0), mean(1)]
  const slope = sum(at.map(([a, b]) => (a - x) * (b - y))) / sum(at.map(([a]) => (a - x) ** 2))
  const offset = y - slope * x
  return { slope, offset, r2: explained(points, (size) => slope * Math.log2(size) + offset) }
}

/** The power of the size that fits best, by least squares as well: `factor · n^exponent`. */
export function power(points) {
  let best = { r2: -Infinity }
  for (const exponent of EXPONENTS) {
    const basis = points.map(([size]) => size ** exponent)
    const factor = sum(points.map(([, y], i) => y * basis[i])) / sum(basis.map((b) => b * b))
    const r2 = explained(points, (size) => factor * size ** exponent)
    if (r2 > best.r2) best = { factor, exponent, r2 }
  }
  return best
}

function explained(points, law) {
  const mean = sum(points.map(([, value]) => value)) / points.length
  const all = sum(points.map(([, value]) => (value - mean) ** 2))
  if (all === 0) return 1
  return 1 - sum(points.map(([size, value]) => (value - law(size)) ** 2)) / all
}

function sum(values) {
  return values.reduce((a, b) => a + b, 0)
}
