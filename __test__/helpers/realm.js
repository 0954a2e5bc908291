const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { createRequire } = require('node:module')

const GLOBALS = [
  'console',
  'process',
  'Buffer',
  'performance',
  'queueMicrotask',
  'setTimeout',
  'clearTimeout',
  'setImmediate',
  'setInterval',
  'clearInterval',
  'AbortController',
  'AbortSignal'
]

// A realm of its own, as that of a test of jest, of `vm` or of an iframe.
module.exports = class Realm {
  // makeModule(): what its modules are.
  constructor(makeModule = () => ({ exports: {} })) {
    this._makeModule = makeModule
    const globals = Object.fromEntries(GLOBALS.map((name) => [name, globalThis[name]]))
    this._context = vm.createContext(globals)
    this._modules = new Map()
  }

  run(code, ...args) {
    return vm.runInContext(`(${code})`, this._context)(...args)
  }

  bytes(...values) {
    return this.run('(values) => Uint8Array.from(values)', values)
  }

  // What a module of ours, or of npm, is in that realm: jest loads it so, with Node's own modules and
  // globals as they are outside.
  require(file) {
    const filename = require.resolve(file)
    const known = this._modules.get(filename)
    if (known !== undefined) return known.exports

    const module = Object.assign(this._makeModule(filename), { filename, id: filename })
    this._modules.set(filename, module)
    const outside = createRequire(filename)
    const inside = (id) => {
      const found = outside.resolve(id)
      return path.extname(found) === '.js' ? this.require(found) : outside(id)
    }
    inside.resolve = outside.resolve
    Object.defineProperty(inside, 'cache', { get: () => ({}) })
    const code = `(exports, require, module, __filename, __dirname) => {${fs.readFileSync(filename)}\n}`
    const evaluate = vm.runInContext(code, this._context, { filename })
    evaluate(module.exports, inside, module, filename, path.dirname(filename))
    return module.exports
  }
}
