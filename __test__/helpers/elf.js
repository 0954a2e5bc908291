'use strict'

const DYNAMIC_SYMBOLS = 11
const ENTRY = 24

module.exports = { dynamicSymbols }

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
