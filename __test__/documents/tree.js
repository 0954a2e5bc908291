'use strict'

const fs = require('node:fs')
const path = require('node:path')
const parse = require('./page')

const NOT_OURS = new Set(['.git', 'node_modules', 'target', 'prebuilds', 'artifacts', 'coverage'])
const CODE = /\.(rs|js|cjs|mjs|ts|cts|mts|c)$/

// A folder with documents and code.
module.exports = class Tree {
  constructor(root) {
    this.root = root
    this.files = list(root, '')
    this.scripts = JSON.parse(this.read('package.json')).scripts
    this.words = new Set()
    for (const file of this.code) {
      for (const word of this.read(file).match(/\w+/g) || []) this.words.add(word)
    }
    this._places = new Set(this.files.flatMap(tails))
    this._pages = new Map()
  }

  get pages() {
    return this.files.filter((file) => file.endsWith('.md'))
  }

  get code() {
    return this.files.filter((file) => CODE.test(file))
  }

  read(file) {
    return fs.readFileSync(path.join(this.root, file), 'utf8')
  }

  has(place) {
    return fs.existsSync(path.join(this.root, place))
  }

  // A file or a folder by its last names.
  hasEndingWith(place) {
    return this._places.has(place.replace(/^(\.\.?\/)+|\/$/g, ''))
  }

  async page(file) {
    if (!this._pages.has(file)) this._pages.set(file, await parse(this.read(file)))
    return this._pages.get(file)
  }
}

function list(root, folder) {
  const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true })
  return entries
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((entry) => {
      const place = path.posix.join(folder, entry.name)
      return entry.isDirectory() ? list(root, place) : [place]
    })
}

// Of 'src/dht/wire.rs': wire.rs, dht/wire.rs, ..., and the same of its folders.
function tails(file) {
  const names = file.split('/')
  return names.flatMap((_, end) =>
    names.slice(0, end + 1).map((_, start) => names.slice(start, end + 1).join('/'))
  )
}
