'use strict'

const DYNAMIC_SYMBOLS = 11
const ENTRY = 24

// Of a made-up program: the file's header, and one segment's.
const LAYOUTS = {
  32: { header: 52, segment: 32, at: 28, size: 42, count: 44, offset: 4, length: 16 },
  64: { header: 64, segment: 56, at: 32, size: 54, count: 56, offset: 8, length: 32 }
}
const INTERPRETER = 3
const STACK = 0x6474e551

module.exports = { dynamicSymbols, program }

// A program that names its loader: pieces, [{ at, bytes }], that make the file. segmentsAt and
// loaderAt are where its parts lie, length and count what it says of them.
function program({
  bits = 64,
  isBig = false,
  machine = 62,
  loader,
  segmentsAt = LAYOUTS[bits].header,
  loaderAt = 4096,
  length = loader.length + 1,
  count = 2
}) {
  const layout = LAYOUTS[bits]
  const half = (bytes, value, at) => bytes[isBig ? 'writeUInt16BE' : 'writeUInt16LE'](value, at)
  const int = (bytes, value, at) => bytes[isBig ? 'writeUInt32BE' : 'writeUInt32LE'](value, at)
  const word = (bytes, value, at) => {
    if (bits === 32) return int(bytes, value, at)
    bytes[isBig ? 'writeBigUInt64BE' : 'writeBigUInt64LE'](BigInt(value), at)
  }

  const header = Buffer.alloc(layout.header)
  header.writeUInt32BE(0x7f454c46)
  header[4] = bits / 32
  header[5] = isBig ? 2 : 1
  half(header, machine, 18)
  word(header, segmentsAt, layout.at)
  half(header, layout.segment, layout.size)
  half(header, count, layout.count)

  const segments = Buffer.alloc(2 * layout.segment)
  int(segments, STACK, 0)
  int(segments, INTERPRETER, layout.segment)
  word(segments, loaderAt, layout.segment + layout.offset)
  word(segments, length, layout.segment + layout.length)
  return [
    { at: 0, bytes: header },
    { at: segmentsAt, bytes: segments },
    { at: loaderAt, bytes: Buffer.from(`${loader}\0`) }
  ]
}

// Names in the dynamic symbol table of a 64-bit little-endian ELF file: { imported, exported }.
function dynamicSymbols(elf) {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) {
    throw new Error('not a 64-bit little-endian ELF file')
  }
  const sections = readSections(elf)
  const table = sections.find((section) => section.type === DYNAMIC_SYMBOLS)
  const strings = sections[table.link]
  const imported = []
  const exported = []
  for (let at = table.offset + ENTRY; at < table.offset + table.size; at += ENTRY) {
    const start = strings.offset + elf.readUInt32LE(at)
    const name = elf.toString('latin1', start, elf.indexOf(0, start))
    const list = elf.readUInt16LE(at + 6) === 0 ? imported : exported
    list.push(name)
  }
  return { imported, exported }
}

function readSections(elf) {
  const start = Number(elf.readBigUInt64LE(0x28))
  const size = elf.readUInt16LE(0x3a)
  const count = elf.readUInt16LE(0x3c)
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size
    return {
      type: elf.readUInt32LE(at + 4),
      offset: Number(elf.readBigUInt64LE(at + 24)),
      size: Number(elf.readBigUInt64LE(at + 32)),
      link: elf.readUInt32LE(at + 40)
    }
  })
}
