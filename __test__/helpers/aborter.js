module.exports = { aborter }

// An AbortController, and how many listen to its signal.
function aborter() {
  const controller = new AbortController()
  const { signal } = controller
  const { addEventListener, removeEventListener } = signal
  controller.listeners = 0
  signal.addEventListener = function (...args) {
    controller.listeners++
    return addEventListener.apply(signal, args)
  }
  signal.removeEventListener = function (...args) {
    controller.listeners--
    return removeEventListener.apply(signal, args)
  }
  return controller
}
