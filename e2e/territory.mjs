/** A fresh territory in a folder of its own, served by the real binary on a free port of the loopback. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const binary = process.env.WANJIA_BINARY ?? join(root, 'target/debug/wanjia')
const run = promisify(execFile)

export const samples = (name) => join(root, 'samples', name)
export const programmes = (name) => join(root, 'programmes', name)

export async function makeTerritory() {
  const folder = await mkdtemp(join(tmpdir(), 'wanjia-e2e-'))
  const data = join(folder, 'data')
  const wanjia = async (...args) => (await run(binary, [...args, '--data', data])).stdout
  let server = null
  let address = '127.0.0.1:0'

  const territory = {
    origin: '',
    wanjia,

    /** Makes an account and answers with how to sign in. Only while nothing is served. */
    async account(username, role, area, name) {
      const told = await wanjia('account', 'add', '--username', username, '--role', role, '--area', area, '--name', name)
      return { username, password: /^password (.+)$/m.exec(told)[1] }
    },

    /** The code of the moment, from the account's second factor. */
    code: async (username) => (await wanjia('account', 'code', '--username', username)).trim(),

    /**
     * So many people seen who are on no list, each of whom may be one who is listed: names of one sound, one birthday. Opens a
     * sweep on the street. Only while nothing is served.
     */
    async lookalikes(street, community, count) {
      const at = new Date().toISOString()
      const lists = { roster: ['area_code,building,unit,room,name,sex,birth_date'], visits: ['area_code,building,unit,room,at,outcome,light'], seen: ['area_code,building,unit,room,at,name,sex,birth_date'] }
      for (let one = 0; one < count; one += 1) {
        const room = `${1 + Math.floor(one / 4)}0${1 + (one % 4)}`
        const [called, born] = [`张${[...'东春夏秋冬明亮小志文武国建永福海江山林森'][one % 20]}`, `男,${1950 + one}-03-14`]
        lists.roster.push(`${community},1,1,${room},${called}军,${born}`, `${community},2,1,${room},,,`)
        lists.visits.push(`${community},2,1,${room},${at},met,on`)
        lists.seen.push(`${community},2,1,${room},${at},${called}君,${born}`)
      }
      const path = (name) => join(folder, `${name}.csv`)
      for (const [name, lines] of Object.entries(lists)) await writeFile(path(name), lines.join('\n'))
      await wanjia('import', 'roster', path('roster'))
      const sweep = (await wanjia('sweep', 'open', '--area', street, '--programme', '入冬大排查', '--deadline', new Date(Date.now() + 86_400_000).toISOString())).trim()
      await wanjia('import', 'visits', '--sweep', sweep, '--persons', path('seen'), path('visits'))
      await wanjia('propose', '--sweep', sweep)
    },

    async serve(...more) {
      server = spawn(binary, ['serve', '--data', data, '--listen', address, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
      territory.origin = await new Promise((resolve, reject) => {
        let said = ''
        server.once('exit', (status) => reject(new Error(`wanjia serve ended with ${status}: ${said}`)))
        server.stdout.on('data', (chunk) => {
          said += chunk
          const found = /http:\/\/([\d.]+:\d+)/.exec(said)
          if (found === null) return
          address = found[1]
          resolve(found[0])
        })
      })
    },

    /** `SIGKILL` takes the process away in the middle of whatever it does; `SIGTERM` asks it to end. */
    async end(signal) {
      const dying = server
      server = null
      await ended(dying, signal)
    },

    async remove() {
      await territory.end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }

  await wanjia('init', '--territory', '420102')
  await run(binary, ['import', 'areas', '--data', data, samples('jiangan-areas.csv')])
  return territory
}

async function ended(dying, signal) {
  if (dying === null) return
  const gone = new Promise((resolve) => dying.once('exit', resolve))
  dying.kill(signal)
  await gone
}

/**
 * The demonstration territory as `make run` opens it: accounts in every role, one sweep half done, phones at work. Its
 * passwords are new at every start; who is signed in stays signed in.
 */
export async function makeDemonstration(people = 20_000) {
  const folder = await mkdtemp(join(tmpdir(), 'wanjia-e2e-'))
  const data = join(folder, 'data')
  let server = null
  let address = '127.0.0.1:0'

  const territory = {
    origin: '',
    /** Passwords by user name. */
    accounts: {},
    county: '420102',
    street: '',
    community: '',
    building: '1',

    code: async (username) => (await run(binary, ['account', 'code', '--data', data, '--username', username])).stdout.trim(),

    async serve() {
      server = spawn(binary, ['demo', '--data', data, '--people', String(people), '--serve', '--listen', address], { stdio: ['ignore', 'pipe', 'inherit'] })
      await new Promise((resolve, reject) => {
        let said = ''
        server.once('exit', (status) => reject(new Error(`wanjia demo ended with ${status}: ${said}`)))
        server.stdout.on('data', (chunk) => {
          said += chunk
          const found = /http:\/\/([\d.]+:\d+)/.exec(said)
          if (found === null || !said.includes('account code')) return
          address = found[1]
          territory.origin = found[0]
          for (const [, username, password, area] of said.matchAll(/^ {2}([a-z]+) +([0-9a-z-]{19,}) .*?(\d{6,})$/gm)) {
            territory.accounts[username] = password
            if (username === 'secretary') territory.community = area
            if (username === 'street') territory.street = area
          }
          resolve()
        })
      })
    },

    async end(signal) {
      const dying = server
      server = null
      await ended(dying, signal)
    },

    /** Makes one more account and answers with its password. Nothing is served meanwhile; the other passwords are new then. */
    async account(username, role, area, name) {
      await territory.end('SIGTERM')
      const told = (await run(binary, ['account', 'add', '--data', data, '--username', username, '--role', role, '--area', area, '--name', name])).stdout
      await territory.serve()
      return /^password (.+)$/m.exec(told)[1]
    },

    async remove() {
      await territory.end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }

  await territory.serve()
  return territory
}
