'use strict'

const FAULT = new Error('of the signal')

// What signals of other makings may do when they are asked to tell.
const ODD_SIGNALS = {
  'takes no listener': () => ({
    aborted: false,
    addEventListener() {
      throw FAULT
    }
  }),
  'is aborted by a listener': () => ({
    aborted: false,
    addEventListener() {
      Object.assign(this, { aborted: true, reason: FAULT })
    }
  }),
  'tells a listener before it has it': () => ({
    aborted: false,
    reason: FAULT,
    addEventListener: (_, listener) => listener()
  })
}

module.exports = { FAULT, ODD_SIGNALS }
