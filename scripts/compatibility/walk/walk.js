'use strict'

const { membersOf, staticsOf, readOf, isClass, typeOf, nameOfKey } = require('./members')
const { endOf, isEnd } = require('./ends')

const MAX_DEPTH = 6 // plain objects in one another
// Plain objects with at least so many members are told by their shape: they are found in many places.
const MIN_SHAPE = 8

// Two uses of one class that no member has in common with.
const ROLES = {
  Request: (request) => (request.from === null ? 'Request, made' : 'Request, received')
}

// What of a package can be reached from the objects that it is shown. Objects have the names of
// their classes; plain ones that of the member that they are found at, unless one of their shape
// was shown by name.
//
// A walk with a guide goes along the members that the guide has found, and no others.
module.exports = class Walk {
  constructor(guide = null) {
    this.nodes = new Map() // name → { path, members: Map(key → Set(text)) }
    this.edges = new Map() // name, key → names of what was found there
    this._guide = guide
    this._names = new WeakMap()
    this._classes = new Map() // constructor → name
    this._shapes = new Map()
    this._onnamed = null
  }

  onnamed(listener) {
    this._onnamed = listener
  }

  // By its class, if it was not come by itself.
  nameOf(object) {
    return this._names.get(object) || this._classes.get(object.constructor) || null
  }

  look(name, ...values) {
    for (const value of values) if (isShaped(value)) this._shapes.set(shapeOf(value), name)
    const queue = values.map((value) => ({ name, value, path: name }))
    const seen = new Set()
    for (const at of queue) {
      this._enter(at)
      if (seen.has(at.value)) continue
      seen.add(at.value)
      this._name(at.value, at.name)
      this._visit(at, queue)
    }
  }

  _enter({ name, path }) {
    const node = this.nodes.get(name)
    if (node === undefined) this.nodes.set(name, nodeAt(path))
    else if (isSimpler(path, node.path)) node.path = path
  }

  _name(value, name) {
    if (this._names.has(value)) return
    this._names.set(value, name)
    if (!isClass(value) && !isPlain(value)) this._classes.set(value.constructor, name)
    if (this._onnamed !== null) this._onnamed(name, value)
  }

  _visit({ name, value, path }, queue) {
    if (!isClass(value)) this._record(name, '(is a)', ancestryOf(value))
    const members = this._membersOf(name, value)
    if (this._guide === null) this._noteMissing(name, new Map(members))
    for (const [key, member] of members) {
      const types = member.types.length === 0 ? '' : `: ${member.types}`
      this._record(name, key, member.kind + types)
      for (const [found, at] of objectsIn(member.value, key)) {
        const next = this._nameFor(found, name, at)
        if (next === null) continue
        this._link(name, key, next)
        queue.push({ name: next, value: found, path: pathOf(path, at) })
      }
    }
  }

  _membersOf(name, value) {
    if (this._guide === null) return isClass(value) ? staticsOf(value) : membersOf(value)
    const keys = [...this._guide.nodes.get(name).members.keys()]
    return keys.filter((key) => key !== '(is a)').map((key) => [key, readOf(value, key)])
  }

  // Objects of one name need not have the same members.
  _noteMissing(name, members) {
    const node = this.nodes.get(name)
    for (const key of node.members.keys()) {
      if (key !== '(is a)' && !members.has(key)) this._record(name, key, 'absent')
    }
    for (const key of members.keys()) {
      if (node.isVisited && !node.members.has(key)) this._record(name, key, 'absent')
    }
    node.isVisited = true
  }

  _record(name, key, text) {
    const { members } = this.nodes.get(name)
    if (!members.has(key)) members.set(key, new Set())
    members.get(key).add(text)
  }

  _link(name, key, next) {
    const edge = edgeOf(name, key)
    if (!this.edges.has(edge)) this.edges.set(edge, new Set())
    this.edges.get(edge).add(next)
  }

  _nameFor(value, owner, at) {
    if (this._guide !== null) return this._guidedName(value, owner, at)
    if (!this._names.has(value)) {
      const name = this._newName(value, owner, at)
      if (name === null) return null
      this._name(value, name)
    }
    return this._names.get(value)
  }

  _newName(value, owner, at) {
    if (isClass(value)) return `${value.name} (class)`
    if (!isPlain(value)) return isEnd(Object.getPrototypeOf(value)) ? null : classNameOf(value)
    if (this._shapes.has(shapeOf(value))) return this._shapes.get(shapeOf(value))
    const name = `${owner}.${nameOfKey(at)}`
    if (name.split('.').length > MAX_DEPTH) throw new Error(`the walk goes round at ${name}`)
    return name
  }

  // Of several that the guide found there, the one that it looks like.
  _guidedName(value, owner, at) {
    const names = this._guide.edges.get(edgeOf(owner, keyOf(at)))
    if (names === undefined) return null
    let best = null
    for (const name of names) {
      const keys = [...this._guide.nodes.get(name).members.keys()]
      const score = keys.filter((key) => key in value).length / keys.length
      if (best === null || score > best.score) best = { name, score }
    }
    return best.name
  }
}

module.exports.edgeOf = edgeOf

function nodeAt(path) {
  return { path, members: new Map(), isVisited: false }
}

function edgeOf(name, key) {
  return `${name} / ${nameOfKey(key)}`
}

function keyOf(at) {
  return typeof at === 'symbol' ? at : at.replace(/\[\]$/, '')
}

// A value itself, or what is in it.
function objectsIn(value, key) {
  if (value === null || (typeof value !== 'object' && !isClass(value))) return []
  const type = typeOf(value)
  const many = Array.isArray(value) || type === 'Map' || type === 'Set'
  if (!many) return type === 'object' || type === 'error' || type === 'class' ? [[value, key]] : []
  const all = [...value.values()].flatMap((item) => objectsIn(item, key))
  return all.map(([item]) => [item, typeof key === 'symbol' ? key : `${keyOf(key)}[]`])
}

function isPlain(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isShaped(value) {
  return isPlain(value) && Object.keys(value).length >= MIN_SHAPE
}

function shapeOf(value) {
  return Object.keys(value).sort().join()
}

function classNameOf(value) {
  const { name } = value.constructor
  return name in ROLES ? ROLES[name](value) : name
}

function ancestryOf(value) {
  if (isPlain(value)) return 'plain object'
  const end = endOf(value)
  return end === 'Object' ? 'object of a class' : `object of a class, ${end}`
}

// Without internal members, then shorter.
function isSimpler(a, b) {
  const cost = (path) => 1000 * path.split('._').length + path.length
  return cost(a) < cost(b)
}

function pathOf(path, at) {
  return typeof at === 'symbol' ? `${path}[${at.description}]` : `${path}.${at}`
}
