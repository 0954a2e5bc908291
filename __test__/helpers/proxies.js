// The ways in which frameworks, debuggers and loggers put a Proxy around an object.
const KINDS = {
  'one that passes itself on': () => (object) =>
    new Proxy(object, { get: (target, key, receiver) => Reflect.get(target, key, receiver) }),
  'one that does not': () => (object) =>
    new Proxy(object, { get: (target, key) => Reflect.get(target, key) }),
  'one without traps': () => (object) => new Proxy(object, {}),
  'one that binds methods': () => (object) =>
    new Proxy(object, {
      get(target, key) {
        const value = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      }
    }),
  'a deep one, as those of Vue': deep((value) => value),
  'a deep one that wraps what methods return': deep((value, wrap) =>
    typeof value === 'function' ? withResults(value, wrap) : value
  ),
  'a deep one that wraps bytes and maps as well': deep((value) => value, {}, isObject),
  'a deep one that can only be read': deep((value) => value, {
    set: () => true,
    defineProperty: () => true,
    deleteProperty: () => true
  })
}

// Through the others nothing can be changed, or bytes that were read of an object are none.
const USABLE = Object.keys(KINDS).slice(0, -2)

module.exports = { KINDS, USABLE, membersOf, isOurs }

// Every object that is read is wrapped in its turn.
function deep(convert, traps = {}, wraps = isOurs) {
  return () => {
    const wrappers = new WeakMap()
    return wrap

    function wrap(object) {
      if (!wraps(object)) return object
      if (!wrappers.has(object)) wrappers.set(object, new Proxy(object, { get, ...traps }))
      return wrappers.get(object)
    }

    function get(target, key, receiver) {
      const value = convert(Reflect.get(target, key, receiver), wrap)
      return wrap(value)
    }
  }
}

function withResults(method, wrap) {
  return function (...args) {
    return wrap(Reflect.apply(method, this, args))
  }
}

// What is no function and none of the language's own kinds that no Proxy can stand for.
function isOurs(value) {
  if (!isObject(value)) return false
  const kind = Object.prototype.toString.call(value)
  return kind === '[object Object]' || kind === '[object Array]' || kind === '[object Error]'
}

function isObject(value) {
  return typeof value === 'object' && value !== null
}

// Its own keys and those of its classes.
function membersOf(object) {
  const keys = new Set()
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (at !== Array.prototype) for (const key of Reflect.ownKeys(at)) keys.add(key)
  }
  keys.delete('constructor')
  if (object instanceof Error) keys.delete('stack') // the language's own, of which no Proxy knows
  return [...keys]
}
