// Computes for so many ms.
module.exports = function spin(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}
