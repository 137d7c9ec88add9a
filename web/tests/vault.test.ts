/** What lies on a phone: nothing that names anyone without the PIN, and nothing unsent that a forgotten PIN could lose. */
import 'fake-indexeddb/auto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AddressInfo } from 'node:net'
import { makeMock } from '../../e2e/mock/server.mjs'
import { decode } from '@core/ledger/canonical'
import { decodeEnvelope } from '@core/ledger/envelope'
import { fromBase64 } from '@core/ledger/bytes'
import { open } from '@core/ledger/seal'
import { idText } from '@core/ledger/uuid'
import type { Push } from '@core/api/types'
import { db, keep, SEALED_TABLES, setting, storedIdentity, type Identity, type PhoneDoor } from '../phone/db'
import { enrol } from '../phone/enrol'
import { doorTitle } from '../phone/naming'
import { recordVisit, type VisitEntry } from '../phone/outbox'
import { changePin, choosePin, forget, FREE_TRIES, TRIES, tryPin, unlock, weakness } from '../phone/pin'
import { begin, comeIn, identity as session, lockNow } from '../phone/session'
import { syncOnce } from '../phone/sync'
import { holdKey, keeping, Locked, phase } from '../phone/vault'
import { openKey } from './recovery'

const PIN = '246813'
const NOTE = '门口有两只猫'

let mock: ReturnType<typeof makeMock>
let identity: Identity

beforeAll(async () => {
  mock = makeMock()
  await new Promise<void>((resolve) => mock.server.listen(0, '127.0.0.1', resolve))
  const { port } = mock.server.address() as AddressInfo
  Object.assign(globalThis, { location: { origin: `http://127.0.0.1:${port}` } })
})

afterAll(() => {
  mock.server.close()
  mock.server.closeAllConnections()
})

beforeEach(async () => {
  mock.endsAt = null
  holdKey(null)
  phase.value = 'fresh'
  await db.delete()
  await db.open()
  identity = await enrol(mock.invite('陈小燕', '420102005002'), 1)
})

const sync = () => syncOnce(identity, Date.now)
const lockedSync = async () => syncOnce((await setting('device'))!, Date.now)
const fates = async () => (await db.outbox.toArray()).map(({ fate }) => fate)
const firstDoor = async () => (await db.doors.toArray()).find(({ listed }) => listed > 1)!

function visit(door: PhoneDoor, note = NOTE): VisitEntry {
  return { door, sweep: mock.sweep.id, outcome: 'met', light: 'unknown', evidence: [], recheckOn: null, occupants: null, seen: [], added: [], note, where: '' }
}

/** Every byte that the database holds, as text in the encodings in which something could be found. */
async function everything(): Promise<string> {
  const raw = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open('wanjia')
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
  const found: string[] = []
  for (const name of raw.objectStoreNames) {
    const rows = await new Promise<unknown[]>((resolve) => {
      const all = raw.transaction(name).objectStore(name).getAll()
      all.onsuccess = () => resolve(all.result)
    })
    found.push(JSON.stringify(rows, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value)))
  }
  raw.close()
  return found.join('\n')
}

describe('what lies on the phone', () => {
  it('names nobody, shows no token and signs for nobody, in any table', async () => {
    await choosePin(PIN)
    await sync()
    const door = await firstDoor()
    const added = { name: '张三丰', sex: '' as const, birthDate: '', idNumber: '', phone: '13871234567', relation: '', note: '' }
    await recordVisit(identity, { ...visit(door), added: [added] }, 1)
    await db.visitDrafts.put({ dwelling: door.dwelling, asked: 'met', form: { note: NOTE } })
    const read = await everything()
    const secrets = [NOTE, '张三丰', '13871234567', door.members![0]!.name, '陈小燕', identity.token, doorTitle(door)]
    expect(secrets.filter((secret) => read.includes(secret))).toEqual([])
    // And it is all there for whoever has the PIN.
    expect((await db.visitDrafts.get(door.dwelling))!.form).toEqual({ note: NOTE })
    expect((await db.doors.get(door.dwelling))!.members).toEqual(door.members)
    expect((await db.outbox.orderBy('sequence').last())!.doorName).toBe(doorTitle(door))
  })

  it('is sealed in every table that is declared, whoever declares it', async () => {
    await choosePin(PIN)
    for (const name of SEALED_TABLES) {
      const table = db.table(name)
      const key = name === 'outbox' ? 999 : 'k'
      const row = { [table.schema.primKey.keyPath as string]: key, canary: '金丝雀', deep: { list: [1.5, undefined, new Uint8Array([7])] } }
      await table.put(row)
      expect(await table.get(key), name).toEqual(row)
      expect(await table.filter(({ canary }) => canary === '金丝雀').count(), name).toBe(1)
    }
    expect(await everything()).not.toContain('金丝雀')
  })

  it('of a list is opened once for each time that it is written, and forgotten with the key', async () => {
    await choosePin(PIN)
    await sync()
    const { dwelling, members } = await firstDoor()
    expect((await db.doors.get(dwelling))!.members).toBe(members)
    await db.doors.update(dwelling, { listed: 77 })
    const changed = (await db.doors.get(dwelling))!
    expect([changed.listed, changed.members]).toEqual([77, members])
    // A row that was put in another's place does not open.
    const [, other] = (await db.doors.toArray()).filter((door) => door.dwelling !== dwelling)
    await lockNow()
    await db.doors.put({ ...((await db.doors.get(dwelling)) as PhoneDoor), dwelling: other!.dwelling })
    await unlock(PIN, Date.now())
    await expect(db.doors.get(other!.dwelling)).rejects.toThrow()
    expect((await db.doors.get(dwelling))!.members).not.toBe(members)
  })

  it('of a phone from before the PIN is sealed when the PIN is chosen, and sent', async () => {
    phase.value = 'open'
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), 1)
    await db.outbox.toCollection().modify((fact) => {
      fact.signature = null
    })
    const names = (await db.doors.toArray()).flatMap(({ members }) => members ?? []).map(({ name }) => name)
    expect(await everything()).toContain(door.members![0]!.name)
    phase.value = 'unsealed'
    await choosePin(PIN)
    const read = await everything()
    expect(names.filter((name) => read.includes(name))).toEqual([])
    expect((await db.doors.toArray()).flatMap(({ members }) => members ?? []).map(({ name }) => name)).toEqual(names)
    expect((await storedIdentity())!.token).toBe(identity.token)
    await lockNow()
    await lockedSync()
    expect(await fates()).toEqual(['accepted'])
  })
})

describe('the PIN', () => {
  it('opens what it locked, after a start of its own', async () => {
    await choosePin(PIN)
    await sync()
    const door = await firstDoor()
    await lockNow()
    expect((await db.doors.get(door.dwelling)) as unknown).not.toHaveProperty('members')
    await expect(db.doors.put({ ...door, dwelling: 'other' })).rejects.toThrow(Locked)
    phase.value = 'fresh'
    await begin()
    expect(phase.value).toBe('locked')
    expect(await unlock('135790', Date.now())).toEqual({ open: false, left: TRIES - 1, notBefore: 0 })
    expect(await unlock(PIN, Date.now())).toEqual({ open: true })
    await comeIn()
    expect(session.value!.token).toBe(identity.token)
    expect((await db.doors.get(door.dwelling))!.members).toEqual(door.members)
    expect((await setting('lock'))!.wrong).toBe(0)
  })

  it.each([
    ['run', ['000000', '123456', '987654', '444444']],
    ['again', ['121212', '123123', '907907']],
    ['date', ['850314', '140385', '198503', '201012']],
    ['known', ['147258', '521314']],
    [null, [PIN, '135790', '851385', '308274']],
  ])('is not one of those that are tried first: %s', (why, pins) => {
    expect(pins.map(weakness)).toEqual(pins.map(() => why))
  })

  it('is changed by whoever has it, by one row, and the old one opens nothing any more', async () => {
    await choosePin(PIN)
    await sync()
    await recordVisit(identity, visit(await firstDoor()), Date.now())
    const sealed = () => everything().then((read) => read.replace(/"name":"lock".*?(?="name"|$)/s, ''))
    const before = await sealed()
    expect(await tryPin('135790', Date.now())).toMatchObject({ open: false, left: TRIES - 1 })
    const tried = await tryPin(PIN, Date.now())
    await changePin((tried as { key: Uint8Array<ArrayBuffer> }).key, '308274')
    expect(await sealed()).toBe(before)
    await lockNow()
    expect(await unlock(PIN, Date.now())).toMatchObject({ open: false, left: TRIES - 1 })
    expect(await unlock('308274', Date.now())).toEqual({ open: true })
    expect((await db.outbox.toArray()).map(({ doorName }) => doorName)).toEqual([doorTitle(await firstDoor())])
  })

  it('that is changed while the app is killed is the old one or the new one', async () => {
    await choosePin(PIN)
    const tried = await tryPin(PIN, Date.now())
    // The browser goes away under the write.
    const changing = changePin((tried as { key: Uint8Array<ArrayBuffer> }).key, '308274').catch(() => 'cut')
    db.close()
    expect(await changing).toBe('cut')
    await db.open()
    await lockNow()
    expect(await unlock(PIN, Date.now())).toEqual({ open: true })
  })

  it('makes whoever guesses wait, then throws away what is sealed and still sends what waits', async () => {
    await choosePin(PIN)
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), Date.now())
    await lockNow()
    let now = Date.now()
    const waits: number[] = []
    for (let turn = 1; turn <= TRIES; turn += 1) {
      const answer = await unlock('135790', now)
      if (answer.open) throw new Error('a wrong PIN opened')
      waits.push(Math.max(0, answer.notBefore - now))
      if (turn < TRIES && answer.notBefore > now) expect(await unlock(PIN, answer.notBefore - 1)).toMatchObject({ open: false, notBefore: answer.notBefore })
      now = Math.max(now, answer.notBefore)
    }
    expect(waits.findIndex((wait) => wait > 0)).toBe(FREE_TRIES - 1)
    expect(waits.at(-1)! / waits.at(-2)!).toBe(2)
    expect(phase.value).toBe('fresh')
    expect(await setting('lock')).toBeUndefined()
    expect([await db.doors.count(), await db.settings.count(), await db.outbox.count()]).toEqual([0, 0, 1])
    await lockedSync()
    expect(await fates()).toEqual(['accepted'])
    expect(mock.factsOf(idText(identity.series))).toBe(1)
  }, 30_000)
})

describe('a phone that is locked in the instant of a tap', () => {
  it('keeps what was tapped, and the key no longer than that', async () => {
    await choosePin(PIN)
    await sync()
    await comeIn()
    const saving = recordVisit(session.value!, visit(await firstDoor()), Date.now())
    const locking = lockNow()
    expect(phase.value).toBe('locked')
    await saving
    await locking
    expect((await db.outbox.toArray()).map((fact) => 'doorName' in fact)).toEqual([false])
    expect(session.value).toBeNull()
    await unlock(PIN, Date.now())
    expect((await db.outbox.toArray()).map(({ fate, what, doorName }) => [fate, what, doorName])).toEqual([['waiting', 'visit', doorTitle(await firstDoor())]])
  })

  it('stays open where she opens it again before it is written', async () => {
    await choosePin(PIN)
    await sync()
    let written: () => void
    const slow = keeping(() => new Promise<void>((go) => (written = go)))
    const locking = lockNow()
    await unlock(PIN, Date.now())
    written!()
    await Promise.all([slow, locking])
    expect(phase.value).toBe('open')
    expect((await firstDoor()).members).not.toBeUndefined()
  })
})

describe('a locked phone', () => {
  it('sends what waits, and the territory can open it', async () => {
    await choosePin(PIN)
    await sync()
    await recordVisit(identity, visit(await firstDoor()), Date.now())
    await recordVisit(identity, visit(await firstDoor(), ''), Date.now())
    await lockNow()
    await lockedSync()
    expect(await fates()).toEqual(['accepted', 'accepted'])
    const [pushed] = (mock.lastPush as unknown as Push).facts
    expect(pushed).not.toHaveProperty('data_key')
    const { owner } = decodeEnvelope(fromBase64(pushed!.fact)).sealed!
    const key = await openKey(mock.recovery, fromBase64(pushed!.sealed_key!), owner, identity.series)
    const plaintext = open(fromBase64(pushed!.content!), key, { owner, series: identity.series, sequence: 0 })
    expect(JSON.stringify(decode(plaintext))).toContain(NOTE)
    expect(await unlock(PIN, Date.now())).toEqual({ open: true })
    expect((await db.outbox.get(0))!.receipt!.position).toBeGreaterThan(0)
    expect((await db.outbox.get(0))!.doorName).not.toBe('')
  })

  it('whose PIN is forgotten keeps nothing to read, and loses nothing unsent', async () => {
    await choosePin(PIN)
    await sync()
    await recordVisit(identity, visit(await firstDoor()), Date.now())
    await lockNow()
    await forget()
    const read = await everything()
    expect(read).not.toContain('"token"')
    await lockedSync()
    expect(await fates()).toEqual(['accepted'])
  })
})

describe('a full disk and a wrong clock', () => {
  it('says that nothing was saved, keeps all that was, and saves again when there is room', async () => {
    await choosePin(PIN)
    await sync()
    await comeIn()
    vi.stubGlobal('navigator', {})
    const { save } = await import('../phone/knock')
    const { notice } = await import('../phone/notice')
    const { isFull } = await import('../phone/syncer')
    const door = await firstDoor()
    expect(await save(visit(door))).toBe(true)
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    const add = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    expect(await save(visit(door))).toBe(false)
    expect(notice.value!.text).toMatch(/没有存上/)
    const broken = await sync().then(
      () => null,
      (error: unknown) => error,
    )
    expect(isFull(broken)).toBe(true)
    full.mockRestore()
    add.mockRestore()
    expect(await fates()).toEqual(['waiting'])
    expect(await save(visit(door))).toBe(true)
    await sync()
    expect(await fates()).toEqual(['accepted', 'accepted'])
  })

  it('in 1970 records, sends, and is told how far off it is', async () => {
    await choosePin(PIN)
    await sync()
    await recordVisit(identity, visit(await firstDoor()), 12)
    await syncOnce(identity, () => 20)
    expect(await fates()).toEqual(['accepted'])
    const { server, device } = (await setting('serverTime'))!
    expect(device - server).toBeLessThan(-1e12)
    await keep('serverTime', { server: Date.now(), device: Date.now() })
  })
})
