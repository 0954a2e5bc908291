'use strict'

const fs = require('fs')
const path = require('path')

const subjects = fs
  .readdirSync(__dirname)
  .filter((file) => file !== 'index.js')
  .sort()

// Every scenario by its name, `subject: what happens`. It is a function of a World.
module.exports = new Map(
  subjects.flatMap((file) => {
    const subject = path.basename(file, '.js')
    const scenarios = Object.entries(require(path.join(__dirname, file)))
    return scenarios.map(([name, play]) => [`${subject}: ${name}`, play])
  })
)
