'use strict'

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

module.exports = liveArray

// An array that shows what `list()` returns whenever somebody looks at it, also at one that was kept.
// version(): changes whenever the list does.
function liveArray(version, list) {
  const array = []
  let shown
  const refresh = () => {
    const now = version()
    if (now === shown) return
    shown = now
    array.length = 0
    array.push(...list())
  }
  const inspect = () => {
    refresh()
    return [...array]
  }
  Object.defineProperty(array, INSPECT, { value: inspect, enumerable: false, writable: true })
  return new Proxy(array, {
    get: looked(refresh, Reflect.get),
    has: looked(refresh, Reflect.has),
    ownKeys: looked(refresh, Reflect.ownKeys),
    getOwnPropertyDescriptor: looked(refresh, Reflect.getOwnPropertyDescriptor)
  })
}

function looked(refresh, look) {
  return (array, ...args) => {
    refresh()
    return look(array, ...args)
  }
}
