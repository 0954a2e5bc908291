'use strict'

const left = []

module.exports = { lazily, loadAll }

// What `load` requires, at its first use, and at the latest when somebody asks for all.
function lazily(load) {
  let loaded = null
  const get = () => {
    if (loaded === null) loaded = load()
    return loaded
  }
  left.push(get)
  return get
}

// Whatever is needed later is there then: the files may be others or gone, and there may be no
// descriptor to read them. What fails to load is tried again the next time.
function loadAll() {
  for (; left.length > 0; left.pop()) left.at(-1)()
}
