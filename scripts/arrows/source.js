'use strict'

// Comments, strings and characters: what looks like an import in them is none.
const QUIET =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^'\\\n])'/g

module.exports = { strip, stripComments }

// Rust without what says nothing about its structure. Lines keep their numbers.
function strip(text) {
  return text.replace(QUIET, (quiet) => quiet.replace(/[^\n]/g, ' '))
}

const COMMENTS =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

// JavaScript without comments; strings stay, as they name modules.
function stripComments(text) {
  return text.replace(COMMENTS, (all, string) => string || all.replace(/[^\n]/g, ' '))
}
