'use strict'

const fs = require('fs')
const path = require('path')
const { ROOT } = require('../lib/platform')

module.exports = { articleScript }

// The article's own programs where they lie beside the checkout, else the project's telling of the same story.
function articleScript() {
  const original = path.join('..', 'shared', 'article', 'run.mjs')
  return fs.existsSync(path.join(ROOT, original)) ? original : path.join('examples', 'article.mjs')
}
