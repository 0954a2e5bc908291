'use strict'

// node scripts/chat.js: the chat of examples/chat, installed by npm, on Node, Bun, Deno and Bare at once, in a network of
// the reference and in one of this package. Each has to hear all others.

const { execFileSync, spawn } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { createRequire } = require('module')
const { setup } = require('./setup')
const { MODULES, nativeTree } = require('./hyper-tree')
const { fetch } = require('./runtimes/fetch')
const { ROOT } = require('../lib/crossing/platform')

const NAMES = ['Node 20', 'Bun', 'Deno', 'Bare']
const CHAT = path.join(ROOT, 'examples', 'chat')
const PATIENCE = 30000 // ms

setup()
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-chat-'))
main()
  .catch((err) => {
    console.error(err.message)
    process.exitCode = 1
  })
  .finally(() => fs.rmSync(folder, { recursive: true, force: true }))

async function main() {
  const runtimes = fetch(NAMES)
  install()
  for (const [name, modules] of [
    ['dht-rpc', MODULES],
    ['this package', nativeTree()]
  ]) {
    const net = await createRequire(path.join(modules, 'program.js'))('@hyperswarm/testnet')(5)
    const { host, port } = net.bootstrap[0]
    const chats = []
    try {
      // Who joins finds those that have announced themselves.
      for (const runtime of runtimes) {
        const chat = start(runtime, `${host}:${port}`)
        chats.push(chat)
        await chat.hears([`${runtime.name} is in runtimes`])
      }
      const lines = chats.map(({ line }) => line)
      for (const chat of chats) await chat.hears(lines.filter((line) => line !== chat.line))
      console.log(
        `In a network of ${name}: ${runtimes.map(title).join(', ')}: each heard all others.`
      )
    } finally {
      await Promise.all(chats.map((chat) => chat.end()))
      await net.destroy()
    }
  }
}

function install() {
  const tarball = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32'
  })
  const manifest = JSON.parse(fs.readFileSync(path.join(CHAT, 'package.json'), 'utf8'))
  manifest.overrides['dht-rpc'] = `file:${path.join(folder, tarball.trim().split('\n').at(-1))}`
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
  fs.copyFileSync(path.join(CHAT, 'chat.mjs'), path.join(folder, 'chat.mjs'))
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32'
  })
}

function title({ name, version }) {
  return `${name.split(' ')[0]} ${version}`
}

// The harness that stands in for what Bare lacks stays away: the chat brings what it needs.
function start({ name, program, args }, bootstrap) {
  const said = `It is ${name}`
  const plain = args.filter((arg) => !arg.endsWith('.js'))
  const child = spawn(program, [...plain, 'chat.mjs', 'runtimes', name, said], {
    cwd: folder,
    env: { ...process.env, BOOTSTRAP: bootstrap },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  let heard = ''
  let check = () => {}
  child.stdout.on('data', (data) => {
    heard += data
    check()
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  return { line: `${name}: ${said}`, hears, end }

  function hears(lines) {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${name} ${why}: it heard\n${heard}`))
      const timer = setTimeout(fail, PATIENCE, 'did not hear all')
      ended.then(() => fail('ended'))
      check = () => {
        if (!lines.every((line) => heard.includes(line))) return
        clearTimeout(timer)
        resolve()
      }
      check()
    })
  }

  function end() {
    child.kill('SIGKILL')
    return ended
  }
}
