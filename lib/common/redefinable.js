'use strict'

const ATTRIBUTES = ['writable', 'enumerable', 'configurable']

module.exports = redefinable

// The object, with accessors in `fields` that show as plain fields, as mocks want them: what such a
// field is defined to be is assigned to it. told(name, isOurs): it became one of the user's own making,
// or ours again.
function redefinable(object, fields, told) {
  const isOurs = (name) => {
    const own = Reflect.getOwnPropertyDescriptor(object, name)
    return own !== undefined && own.get === fields[name].get
  }

  return new Proxy(object, {
    getOwnPropertyDescriptor(_, name) {
      if (!Object.hasOwn(fields, name) || !isOurs(name)) {
        return Reflect.getOwnPropertyDescriptor(object, name)
      }
      return { value: object[name], writable: true, enumerable: true, configurable: true }
    },

    defineProperty(_, name, descriptor) {
      if (!Object.hasOwn(fields, name)) return Reflect.defineProperty(object, name, descriptor)
      const isPlain = isAssignment(descriptor, Object.hasOwn(object, name))
      const wanted = isPlain ? fields[name] : descriptor
      const isDone = Reflect.defineProperty(object, name, wanted)
      told(name, isOurs(name))
      if (isDone && isPlain) object[name] = descriptor.value
      return isDone
    },

    deleteProperty(_, name) {
      const isDone = Reflect.deleteProperty(object, name)
      if (Object.hasOwn(fields, name)) told(name, false)
      return isDone
    }
  })
}

// Attributes that are not given are those that it has.
function isAssignment(descriptor, isThere) {
  if (!('value' in descriptor)) return false
  return ATTRIBUTES.every((name) => (name in descriptor ? descriptor[name] : isThere))
}
