'use strict'

// The edges of a program that is instrumented for fuzzing (scripts/fuzz.js), and which of them are the engine's own.
// Collections, sorting, other packages and the fuzzer's own code are inlined all over it. How a B-tree splits or a map
// probes is found for hours after all of the engine was, and says nothing of it.
// Needs readelf and addr2line (binutils, which the Rust toolchain needs to link).

const { execFileSync } = require('child_process')
const path = require('path')
const { ROOT } = require('../lib/crossing/platform')

const SECTION = '__sancov_pcs'
const SOURCES = path.join(ROOT, 'src') + path.sep
const FOREIGN = new RegExp(
  [
    '/alloc/src/(collections|vec|raw_vec)\\b',
    '/core/src/slice/sort/',
    '/hashbrown-',
    '/registry/src/',
    path.join(ROOT, 'fuzz') + path.sep
  ].join('|')
)

// What libFuzzer prints is the address of the next instruction.
const NEXT = process.arch === 'x64' ? 1 : 4

class Edges {
  constructor(program) {
    const [, address, size] = read('readelf', ['-SW', program]).match(
      new RegExp(`${SECTION}\\s+\\S+\\s+([0-9a-f]+)\\s+\\S+\\s+([0-9a-f]+)`)
    )
    this._table = parseInt(address, 16)
    this._addresses = addresses(program, this._table, parseInt(size, 16))
    this._own = own(program, this._addresses)
  }

  get all() {
    return this._addresses.length
  }

  get own() {
    return this._own.size
  }

  // Where a process was loaded, from what it says about its tables; null if a line says nothing of it.
  base(line) {
    const found = /Loaded 1 PC tables .*\[0x([0-9a-f]+),/.exec(line)
    return found && parseInt(found[1], 16) - this._table
  }

  // The edge that a line reports as new, if it is one of the engine's own; otherwise null.
  reported(line, base) {
    const found = /^\tNEW_PC: 0x([0-9a-f]+)/.exec(line)
    const address = found && parseInt(found[1], 16) - base - NEXT
    return this._own.has(address) ? address : null
  }

  // How many of the edges with these numbers are the engine's own.
  countOwn(numbers) {
    return numbers.filter((number) => this._own.has(this._addresses[number])).length
  }
}

// Of all edges, in their order: each has a place of 16 bytes in the table, which begins with its address.
function addresses(program, table, size) {
  const list = []
  for (const line of read('readelf', ['-rW', program]).split('\n')) {
    const [offset, , kind, addend] = line.trim().split(/\s+/)
    const at = parseInt(offset, 16) - table
    if (/_RELATIVE$/.test(kind) && at >= 0 && at < size && at % 16 === 0) {
      list[at / 16] = parseInt(addend, 16)
    }
  }
  return list
}

// An edge is inlined code of whatever its first lines name, up to the first of the engine's own files.
function own(program, addresses) {
  const input = addresses.map((address) => address.toString(16)).join('\n')
  const found = new Set()
  let address, isDecided
  for (const line of read('addr2line', ['-a', '-i', '-e', program], input).split('\n')) {
    if (line.startsWith('0x')) {
      found.add((address = parseInt(line, 16)))
      isDecided = false
    } else if (!isDecided) {
      const isForeign = FOREIGN.test(line)
      if (isForeign) found.delete(address)
      isDecided = isForeign || line.startsWith(SOURCES)
    }
  }
  return found
}

function read(command, args, input) {
  return execFileSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 30 })
}

module.exports = { Edges }
