'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { faultsOfRust, faultsOfJavaScript } = require('../scripts/arrows')
const { ROOT } = require('../lib/crossing/platform')

const root = copyOfHouse()
test.after(() => fs.rmSync(root, { recursive: true }))

test('the house has no loop, no arrow that runs up, and rooms without IO', () => {
  assert.deepEqual([...faultsOfRust(ROOT), ...faultsOfJavaScript(ROOT)], [])
})

// What is planted where, and what has to be said of it.
const PLANTED = [
  ['src/net/addr.rs', 'use crate::dht::Id;', 'net/addr.rs imports dht/id.rs'],
  ['src/dht/table.rs', 'use crate::engine::Engine;', 'dht/table.rs imports engine/mod.rs'],
  ['src/dht/table.rs', 'use super::super::engine::{self};', 'dht/table.rs imports engine/mod.rs'],
  ['src/dht/token.rs', 'use crate::udx::wire::Header;', 'dht/token.rs imports udx/wire.rs'],
  ['src/udx/mtu.rs', 'use crate::dht::Id;', 'udx/mtu.rs imports dht/id.rs'],
  ['src/udx/mtu.rs', 'fn f() { crate::engine::f() }', 'udx/mtu.rs imports engine/mod.rs'],
  [
    'src/engine/clock.rs',
    'use crate::binding::dht::records;',
    'engine/clock.rs imports binding/dht/records.rs'
  ],
  [
    'src/engine/shard/tenant.rs',
    'use super::super::{clock, node::Runner as R};',
    'engine/shard/tenant.rs imports engine/node/runner.rs'
  ],
  [
    'src/binding/crossing/pack.rs',
    'use super::super::dht::records;',
    'binding/crossing/pack.rs imports binding/dht/records.rs'
  ],
  ['src/dht/id.rs', 'use super::table;', 'a loop of imports: dht/'],
  [
    'src/dht/contact.rs',
    'fn f() { super::event::g() }',
    'a loop of imports: dht/calls.rs, dht/contact.rs'
  ],
  [
    'src/dht/nat.rs',
    'fn f() { std::time::Instant::now(); }',
    'dht/nat.rs:LINE reaches for a clock'
  ],
  ['src/dht/nat.rs', 'use std::thread;', 'dht/nat.rs:LINE reaches for a thread'],
  ['src/dht/nat.rs', 'fn f() { rand::rng(); }', 'dht/nat.rs:LINE reaches for global randomness'],
  ['src/net/addr.rs', 'use tokio::net;', 'net/addr.rs:LINE reaches for tokio'],
  ['src/udx/mtu.rs', 'use napi_derive::napi;', 'udx/mtu.rs:LINE reaches for napi'],
  ['src/dht/nat.rs', 'use std::time::Instant as I;', 'dht/nat.rs imports what reaches for a clock'],
  [
    'src/dht/nat.rs',
    'use std::{thread as t, fmt};',
    'dht/nat.rs imports what reaches for a thread'
  ],
  ['src/dht/nat.rs', 'use std::{fs, fmt};', 'dht/nat.rs imports what reaches for the system'],
  [
    'src/dht/nat.rs',
    'use rand::{Rng, rng};',
    'dht/nat.rs imports what reaches for global randomness'
  ],
  [
    'src/dht/nat.rs',
    'use std::sync::{atomic::{AtomicU8}, Mutex};',
    'dht/nat.rs imports what reaches for a lock'
  ],
  ['src/dht/nat.rs', 'use std::net::UdpSocket;', 'dht/nat.rs:LINE reaches for the system'],
  ['src/dht/nat.rs', 'use std::sync::{Arc, Mutex};', 'dht/nat.rs:LINE reaches for a lock'],
  ['lib/common/check.js', "require('../crossing/native')", 'imports lib/crossing/native.js'],
  [
    'lib/crossing/slab.js',
    "f(require('../dht/dht'))",
    'lib/crossing/slab.js imports lib/dht/dht.js'
  ],
  ['lib/udx/udx.js', "import('../dht/table.js')", 'lib/udx/udx.js imports lib/dht/table.js'],
  ['lib/dht/table.js', "require('../../index')", 'lib/dht/table.js imports index.js'],
  ['lib/common/field.js', "require('./check')", null],
  ['lib/common/field.js', 'require(`../dht/dht`)', 'lib/common/field.js requires what its text'],
  ['lib/common/field.js', "require(name + '.js')", 'lib/common/field.js requires what its text'],
  [
    'lib/common/field.js',
    "require('dht-rpc-native')",
    'lib/common/field.js requires what its text'
  ],
  ['lib/udx/udx.js', "require('../types/io.d.ts')", 'lib/udx/udx.js imports lib/types/io.d.ts'],
  ['lib/common/address.js', "require('./check')", 'a loop of imports: lib/common/address.js, ']
]

// What looks like an arrow and is none.
const HARMLESS = [
  ['src/dht/nat.rs', '// use crate::engine::Engine; Instant::now()'],
  ['src/dht/nat.rs', 'const TEXT: &str = "use crate::engine::Engine; tokio";'],
  ['src/dht/nat.rs', '#[cfg(test)]\nmod more_tests {\n    use crate::engine::Engine;\n}'],
  ['src/dht/node/lost.rs', 'use super::calls::f;\nimpl Node {}'],
  ['lib/common/field.js', "// require('../dht/dht')"],
  ['lib/common/field.js', 'const text = "no import from \'../dht/dht\'"']
]

for (const [file, text, fault] of PLANTED.filter(([, , fault]) => fault !== null)) {
  test(`planted in ${file}: ${text}`, () => {
    const { faults, line } = plant(file, text)
    const wanted = fault.replace('LINE', line)
    assert.ok(
      faults.some((found) => found.includes(wanted)),
      `${wanted} is not among ${JSON.stringify(faults)}`
    )
  })
}

for (const [file, text] of [...HARMLESS, ...PLANTED.filter(([, , fault]) => fault === null)]) {
  test(`harmless in ${file}: ${text.split('\n')[0]}`, () => {
    assert.deepEqual(plant(file, text).faults, [])
  })
}

// What is said of the house with a line more.
function plant(file, text) {
  const place = path.join(root, file)
  const before = fs.readFileSync(place, 'utf8')
  fs.writeFileSync(place, `${before}${text}\n`)
  const faults = [...faultsOfRust(root), ...faultsOfJavaScript(root)]
  fs.writeFileSync(place, before)
  return { faults, line: before.split('\n').length }
}

function copyOfHouse() {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-arrows-'))
  for (const name of ['src', 'lib', 'index.js', 'index.d.ts']) {
    fs.cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true })
  }
  return copy
}
