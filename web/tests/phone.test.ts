/** The phone's own logic against the mock server over real HTTP: what is written, sent, settled, refused and kept. */
import 'fake-indexeddb/auto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AddressInfo } from 'node:net'
import { makeMock } from '../../e2e/mock/server.mjs'
import { decode } from '@core/ledger/canonical'
import { decodeEnvelope, factHash } from '@core/ledger/envelope'
import { contentDigest, open } from '@core/ledger/seal'
import { idText } from '@core/ledger/uuid'
import { Unreachable } from '@core/api/client'
import { db, keep, setting, type Identity, type KeptTask, type OutboxFact, type PhoneDoor } from '../phone/db'
import { doorViews, foundHere, foundSoFar, sweep, type DoorView } from '../phone/doors'
import { enrol, invitationIn } from '../phone/enrol'
import { quickEntry } from '../phone/knock'
import { placeName } from '../phone/naming'
import { newcomersAt } from '../phone/newcomers'
import { keepPicture, picture, picturesOf, sealPictures } from '../phone/forms/picture'
import { recordAnswers } from '../phone/forms/record'
import { putAway, recordDeed, recordDoor, recordVisit, undo, type VisitEntry } from '../phone/outbox'
import { PastWasRewritten } from '../phone/stops'
import { PUSH_LIMIT, REFUSED, syncOnce } from '../phone/sync'
import { recordTakenBack } from '../phone/taking-back'
import { freshVaultKey, holdKey, phase } from '../phone/vault'
import { openKey } from './recovery'

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
  Object.assign(mock, { attachments: [], attachmentStatus: 204, endsAt: null, away: false, cutNextPush: false, rewrite: false, quarantineNext: null, decisions: [], clockOffset: 0, pushes: 0 })
  holdKey(null)
  await db.delete()
  await db.open()
  identity = await enrol(mock.invite('陈小燕', '420102005002'), 1)
  holdKey(freshVaultKey())
  await keep('identity', identity)
  phase.value = 'open'
})

const keyOf = ({ envelope, sealedKey }: OutboxFact) => openKey(mock.recovery, sealedKey!, decodeEnvelope(envelope).sealed!.owner, identity.series)
const sync = () => syncOnce(identity, Date.now)
const fates = async () => (await db.outbox.toArray()).map(({ fate }) => fate)
const firstDoor = async () => (await db.doors.toArray()).find(({ listed }) => listed > 1)!

function visit(door: PhoneDoor, extra: Partial<VisitEntry> = {}): VisitEntry {
  return {
    door,
    sweep: mock.sweep.id,
    outcome: 'met',
    light: 'unknown',
    evidence: [],
    recheckOn: null,
    occupants: null,
    seen: [],
    added: [],
    note: '',
    where: '',
    ...extra,
  }
}

describe('enrolment', () => {
  it('keeps its key and what the server told', async () => {
    const kept = (await setting('identity'))!
    expect(kept.workerName).toBe('陈小燕')
    expect(kept.checkpointKey).toHaveLength(32)
    expect(kept.key).toMatchObject({ kind: 'stored', publicKey: identity.key.publicKey })
    expect(await setting('recoveryKey')).toHaveLength(32)
  })

  it('finds the invitation in a pasted link', () => {
    expect(invitationIn(' https://wanjia.example/phone/#/enrol/abc-1?x ')).toBe('abc-1')
    expect(invitationIn('abc-1')).toBe('abc-1')
  })
})

describe('the outbox', () => {
  it('links each fact to the one before and seals what is personal', async () => {
    await sync()
    const door = await firstDoor()
    const added = { name: '张三', sex: '男' as const, birthDate: '1980-01-02', idNumber: '', phone: '', relation: '租户', note: '' }
    await recordVisit(identity, visit(door, { seen: door.members!.map(({ person }) => person), added: [added], note: '门锁坏了' }), 1000)
    await recordVisit(identity, visit(door, { outcome: 'refused' }), 2000)
    const facts = await db.outbox.toArray()
    expect(facts.map(({ sequence }) => sequence)).toEqual(facts.map((_, index) => index))
    for (const [index, fact] of facts.entries()) {
      const envelope = decodeEnvelope(fact.envelope)
      expect(envelope.previous).toEqual(index === 0 ? new Uint8Array(32) : facts[index - 1]!.hash)
      expect(factHash(fact.envelope)).toEqual(fact.hash)
      expect(fact.content === null).toBe(envelope.sealed === null)
      if (fact.content === null) continue
      expect(contentDigest(fact.content)).toEqual(envelope.sealed!.digest)
      const plaintext = open(fact.content, await keyOf(fact), { owner: envelope.sealed!.owner, series: identity.series, sequence: fact.sequence })
      expect(JSON.stringify(decode(plaintext))).toMatch(fact.what === 'added_person' ? /张三/ : /门锁坏了/)
      expect(new TextDecoder().decode(fact.envelope)).not.toMatch(/张三|门锁/)
    }
  })

  it('takes back a visit that has not left, and nothing that has', async () => {
    await sync()
    const door = await firstDoor()
    const first = await recordVisit(identity, visit(door), 1)
    const second = await recordVisit(identity, visit(door, { outcome: 'refused' }), 2)
    expect(await undo(first)).toBe(false)
    expect(await undo(second)).toBe(true)
    expect(await db.outbox.count()).toBe(1)
    await sync()
    expect(await undo(first)).toBe(false)
    const third = await recordVisit(identity, visit(door), 3)
    expect((await db.outbox.where('visit').equals(third).first())!.sequence).toBe(1)
  })

  it('keeps what can still be taken back on screen, whatever else asks for a round, and sends it afterwards', async () => {
    await sync()
    const door = await firstDoor()
    const first = await recordVisit(identity, visit(door), 1)
    const second = await recordVisit(identity, visit(door, { outcome: 'refused' }), 2)
    await syncOnce(identity, Date.now, () => second)
    expect((await db.outbox.toArray()).map(({ visit: of, fate }) => [of, fate])).toEqual([[first, 'accepted'], [second, 'waiting']])
    expect(await undo(second)).toBe(true)
    const third = await recordVisit(identity, visit(door), 3)
    const fourth = await recordVisit(identity, visit(door), 4)
    // A series has no gaps: what stands before another record goes out with it.
    await syncOnce(identity, Date.now, () => third)
    expect(await db.outbox.where('visit').anyOf(third, fourth).toArray()).toMatchObject([{ fate: 'accepted' }, { fate: 'accepted' }])
  })

  it('names what was recorded wrongly in the record that stands instead of it', async () => {
    await sync()
    const door = await firstDoor()
    const seen = door.members!.map(({ person }) => person)
    await recordVisit(identity, visit(door), 1)
    await recordVisit(identity, visit(door, { seen, added: [{ name: '张三', sex: '', birthDate: '', idNumber: '', phone: '', relation: '', note: '' }] }), 2)
    const wrong = (await db.visits.get(door.dwelling))!
    expect([wrong.sequence, wrong.facts]).toEqual([1, 2 + seen.length])
    await recordVisit(identity, visit(door, { outcome: 'no_answer', instead: wrong }), 3)
    const last = (await db.outbox.toArray()).at(-1)!
    const [kind, , , body] = decode(decodeEnvelope(last.envelope).payload) as [number, number, Uint8Array, unknown[]]
    expect([kind, body.slice(2)]).toEqual([61, [1, 2 + seen.length]])
    const stands = (await db.visits.get(door.dwelling))!
    expect([stands.outcome, stands.sequence, stands.facts]).toEqual(['no_answer', 3 + seen.length, 1])
    expect(foundHere(undefined, stands, 2)).toBeNull()
  })

  it('knows its own visit again in what the server tells, and takes it back with nothing instead', async () => {
    await sync()
    const { dwelling } = await firstDoor()
    await vi.waitFor(() => expect(sweep.value).not.toBeNull())
    const row = () => doorViews.value.find(({ door }) => door.dwelling === dwelling)!
    const put = async (outcome: VisitEntry['outcome'], now: number) => recordVisit(identity, visit(row().door, { outcome, sweep: sweep.value!.id, found: foundSoFar(row(), null) }), now)
    await vi.waitFor(() => expect(row()).toBeDefined())
    // The clock is ahead of the server's: by the best known time the visit was before what the server tells of it.
    await put('met', Date.now() + 5000)
    await sync()
    await vi.waitFor(() => expect(row().door.sweeps[0]).toMatchObject({ outcome: 'met' }))
    await vi.waitFor(() => expect(row()).toMatchObject({ outcome: 'met', unsent: false }))
    expect(row().local).toMatchObject({ outcome: 'met', sequence: 0 })

    // What stood before an undone tap stands again.
    const again = await put('refused', Date.now() + 6000)
    await vi.waitFor(() => expect(row().outcome).toBe('refused'))
    await undo(again)
    await vi.waitFor(() => expect(row()).toMatchObject({ outcome: 'met', local: { sequence: 0 } }))

    await recordTakenBack(identity, row().door, row().local!, Date.now() + 7000)
    await vi.waitFor(() => expect(row()).toMatchObject({ outcome: null, state: 'waiting', local: null }))
    expect(foundSoFar(row(), null)).toBeNull()
    const [kind, , , body] = decode(decodeEnvelope((await db.outbox.toArray()).at(-1)!.envelope).payload) as [number, number, Uint8Array, unknown[]]
    expect([kind, body.slice(2)]).toEqual([61, [0, 1]])
    await sync()
    await vi.waitFor(() => expect(row().door.sweeps[0]).toMatchObject({ outcome: null }))
    expect(row()).toMatchObject({ outcome: null, local: null })
  })

  it('leaves the line of every other door as it stands', async () => {
    await sync()
    await vi.waitFor(() => {
      expect(doorViews.value.length).toBeGreaterThan(2)
      expect(sweep.value).not.toBeNull()
    })
    const before = new Map(doorViews.value.map((row) => [row.door.dwelling, row]))
    const { door } = doorViews.value.find(({ outcome }) => outcome === null)!
    const { dwelling } = door
    await recordVisit(identity, visit(door, { sweep: sweep.value!.id }), 1000)
    await vi.waitFor(() => expect(doorViews.value.find((row) => row.door.dwelling === dwelling)).toMatchObject({ outcome: 'met' }))
    expect(doorViews.value.filter((row) => row !== before.get(row.door.dwelling)).map(({ door }) => door.dwelling)).toEqual([dwelling])
  })

  it('gives facts written at once by several taps one dense series', async () => {
    await sync()
    const door = await firstDoor()
    await Promise.all(Array.from({ length: 20 }, (_, index) => recordVisit(identity, visit(door), index)))
    const facts = await db.outbox.toArray()
    expect(facts).toHaveLength(20)
    facts.forEach((fact, index) => expect(decodeEnvelope(fact.envelope).sequence).toBe(index))
    await sync()
    expect(new Set(await fates())).toEqual(new Set(['accepted']))
  })
})

describe('sync', () => {
  it('brings the doors and remembers the checkpoint', async () => {
    await sync()
    expect(await db.doors.count()).toBe(mock.doors.filter(({ area_code: code }) => code === '420102005002').length)
    expect((await setting('checkpoint'))!.size).toBeGreaterThan(0)
    expect(await setting('origin')).toBe('wanjia/420102')
  })

  it('settles every fact once, though the server is lost in the middle and the push is sent twice', async () => {
    await sync()
    const door = await firstDoor()
    const before = mock.factsOf(idText(identity.series))
    for (let index = 0; index < 5; index += 1) await recordVisit(identity, visit(door), index)
    mock.cutNextPush = true
    await expect(sync()).rejects.toBeInstanceOf(Unreachable)
    expect(new Set(await fates())).toEqual(new Set(['sent']))
    expect(mock.factsOf(idText(identity.series))).toBe(before + 5)
    await sync()
    expect(new Set(await fates())).toEqual(new Set(['accepted']))
    expect(mock.factsOf(idText(identity.series))).toBe(before + 5)
    await db.outbox.toCollection().modify({ fate: 'waiting' })
    await sync()
    expect(new Set(await fates())).toEqual(new Set(['accepted']))
    expect(mock.factsOf(idText(identity.series))).toBe(before + 5)
  })

  it('keeps facts while the server is away', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), 1)
    mock.away = true
    await expect(sync()).rejects.toBeInstanceOf(Unreachable)
    mock.away = false
    await sync()
    expect(await fates()).toEqual(['accepted'])
  })

  it('sends a long day in several pushes', async () => {
    await sync()
    const door = await firstDoor()
    for (let index = 0; index < PUSH_LIMIT + 7; index += 1) await recordVisit(identity, visit(door), index)
    mock.pushes = 0
    await sync()
    expect(mock.pushes).toBe(2)
    expect(new Set(await fates())).toEqual(new Set(['accepted']))
  })

  it('tells a quarantined fact with its reason', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), 1)
    Object.assign(mock, {
      quarantineNext: { reason: 'outside_sweep', message: '这户不在这次排查的范围内。', message_en: 'Outside the sweep.' },
    })
    await sync()
    const [fact] = await db.outbox.toArray()
    expect(fact!.fate).toBe('quarantined')
    expect(fact!.receipt).toMatchObject({ reason: 'outside_sweep', message: '这户不在这次排查的范围内。', messageEn: 'Outside the sweep.' })
  })

  it('tells what the office decided about a held one, also when it was put away', async () => {
    await sync()
    const door = await firstDoor()
    const visitNumber = await recordVisit(identity, visit(door), 1)
    Object.assign(mock, { quarantineNext: { reason: 'outside_sweep', message: '不在范围内。', message_en: 'Outside the sweep.' } })
    await sync()
    await putAway(visitNumber)
    const [{ sequence, receipt: first }] = (await db.outbox.toArray()) as [OutboxFact]
    const after = async (decision: object) => {
      Object.assign(mock, { decisions: [{ sequence, ...decision }, { sequence: 999, status: 'released' }] })
      await sync()
      return (await db.outbox.get(sequence))!
    }
    const refused = await after({ status: 'refused', reason: 'mistaken', message: '记错了，请重新登记。', message_en: 'Wrong; record it again.' })
    expect(refused).toMatchObject({ fate: 'quarantined', putAway: false, receipt: { reason: REFUSED, message: '记错了，请重新登记。', position: first!.position } })
    const waits = await after({ status: 'waiting', reason: 'outside_sweep', message: '不在范围内。', message_en: 'Outside the sweep.' })
    expect(waits).toMatchObject({ fate: 'quarantined', receipt: { reason: 'outside_sweep', messageEn: 'Outside the sweep.' } })
    const counts = await after({ status: 'released' })
    expect(counts).toMatchObject({ fate: 'accepted', receipt: { reason: null, message: null } })
    expect(await db.outbox.count()).toBe(1)
  })

  it('still sends what a revoked phone saw, which is held, and then is told so', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), 1)
    mock.cutNextPush = true
    await expect(sync()).rejects.toBeInstanceOf(Unreachable)
    await recordVisit(identity, visit(door, { outcome: 'refused' }), 2)
    mock.devices.get(idText(identity.series))!.revoked_at = '2026-11-24T00:00:00Z'
    await expect(sync()).rejects.toMatchObject({ code: 'device_revoked' })
    expect(await fates()).toEqual(['accepted', 'quarantined'])
    expect(mock.factsOf(idText(identity.series))).toBe(2)
  })

  it('keeps the names of a door whose list did not change', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), Date.now())
    await sync()
    const now = (await db.doors.get(door.dwelling))!
    expect(now.sweeps[0]!.outcome).toBe('met')
    expect(now.members).toEqual(door.members)
    expect(now.members!.length).toBeGreaterThan(1)
  })

  it('sends again what a server restored from a backup no longer has', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), 1)
    await recordVisit(identity, visit(door), 2)
    await sync()
    mock.devices.get(idText(identity.series))!.facts.delete(1)
    await recordVisit(identity, visit(door), 3)
    await sync()
    expect(await fates()).toEqual(['accepted', 'accepted', 'accepted'])
    expect(mock.factsOf(idText(identity.series))).toBe(3)
  })

  it('registers a door that is on no list before the visit to it', async () => {
    await sync()
    const door = await recordDoor(identity, { areaCode: '420102005002', building: '9', unit: '', room: '101', place: 'hotel' }, 1)
    expect(placeName(door)).toBe('宾馆')
    await recordVisit(identity, visit(door, { occupants: 1 }), 2)
    await sync()
    expect(await fates()).toEqual(['accepted', 'accepted'])
    expect(mock.doors.find(({ dwelling }) => dwelling === door.dwelling)).toMatchObject({ building: '9', place: 'hotel', outcome: 'met' })
    expect(placeName((await db.doors.get(door.dwelling))!)).toBe('宾馆')
    expect(placeName({ place: 'home' })).toBeNull()
  })

  it('counts nobody as living where they work', async () => {
    await sync()
    const door = { ...(await firstDoor()), listed: 0, members: [] }
    await vi.waitFor(() => expect(sweep.value).not.toBeNull())
    const met = (place: PhoneDoor['place']) => quickEntry({ door: { ...door, place }, local: null } as unknown as DoorView, 'met', 'unknown', [])!.occupants
    expect([met('home'), met('enterprise')]).toEqual([0, null])
  })

  it('keeps the plans it was told of until it is told anew', async () => {
    const told = { plan: '60000000-0000-4000-8000-000000000001', kind: 'rota' as const, area_name: '', published_at: '2031-02-01T00:00:00.000Z', lines: [] }
    mock.plans = [told]
    await sync()
    expect(await setting('plans')).toEqual([told])
    mock.plans = null
    await sync()
    expect(await setting('plans')).toEqual([told])
    mock.plans = []
    await sync()
    expect(await setting('plans')).toEqual([])
    mock.plans = null
  })

  it('measures how far the clock is from the server', async () => {
    mock.clockOffset = -30 * 60_000
    await sync()
    const { server, device } = (await setting('serverTime'))!
    expect(Math.abs(device - server - 30 * 60_000)).toBeLessThan(5_000)
  })
})

describe('the phone as a witness', () => {
  it.each(['inconsistent', 'signature'] as const)('stops for good when the past is %s', async (why) => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door), 1)
    if (why === 'inconsistent') mock.rewrite = true
    else await keep('identity', (identity = { ...identity, checkpointKey: new Uint8Array(32).fill(7) }))
    await expect(sync()).rejects.toBeInstanceOf(PastWasRewritten)
    expect((await setting('pastRewritten'))!.why).toBe(why)
    expect(await fates()).toEqual(['sent'])
    mock.rewrite = false
    await expect(sync()).rejects.toBeInstanceOf(PastWasRewritten)
  })

  it('refuses a ledger that became shorter', async () => {
    await sync()
    const seen = (await setting('checkpoint'))!
    await keep('checkpoint', { ...seen, size: seen.size + 1000 })
    await expect(sync()).rejects.toBeInstanceOf(PastWasRewritten)
    expect((await setting('pastRewritten'))!.why).toBe('shrunk')
  })
})

describe('tasks and forms', () => {
  const name = { code: 'x', zh: '某', en: 'x' }
  const row = (door: PhoneDoor, more = {}) => ({
    case: '11111111-0000-7000-8000-000000000001', task: 'leave:a', programme: 'epidemic', version: '2020-03', pathway: name, state: name, kind: 'leave',
    of: name, role: 'grid_worker', climbed: false, since: '2020-03-10T00:00:00Z', remind_at: '2020-03-10T08:00:00Z', due: '2020-03-10T10:00:00Z', turn: 0,
    about: { dwelling: door.dwelling, area_code: door.area_code, area_name: '', building: door.building, unit: door.unit, room: door.room }, steps: [], ...more,
  })

  it('are kept as the server told them last, and a step that was overtaken comes back with its reason', async () => {
    await sync()
    const door = await firstDoor()
    mock.tasks = { known: 'a', roles: [], colleagues: [{ worker: idText(identity.actor), name: '李国强' }], rows: [row(door)] }
    await sync()
    const task = (await db.tasks.toArray())[0]!
    expect(task.id).toBe(`${task.case}/leave:a`)
    await recordDeed(identity, { task, deed: 'step', role: 'grid_worker', step: name, to: null, countedFrom: 18331, why: null }, 5)
    const fact = (await db.outbox.toArray()).at(-1)!
    const [kind, , , body] = decode(decodeEnvelope(fact.envelope).payload) as [number, number, Uint8Array, unknown[]]
    expect([kind, body.slice(1)]).toEqual([34, [0, 'grid_worker', 0, 'x', null, 18331]])
    expect(fact.content).toBeNull()
    await sync()
    expect(await fates()).toEqual(['accepted'])
    mock.tasks = { ...mock.tasks, known: 'b', rows: [row(door, { turn: 1, overtaken: [fact.sequence] })] }
    await sync()
    expect((await db.outbox.get(fact.sequence))!).toMatchObject({ fate: 'quarantined', receipt: { reason: 'case_moved' } })
    mock.tasks = null
  })

  it('a step against its condition carries its reason, sealed to whom the case is about', async () => {
    await sync()
    const task = { ...row(await firstDoor(), {}), id: 'x' } as KeptTask
    await recordDeed(identity, { task, deed: 'step_overridden', role: 'grid_worker', step: name, to: null, countedFrom: null, why: '照护人在路上' }, 5)
    const fact = (await db.outbox.toArray()).at(-1)!
    const { payload, sealed } = decodeEnvelope(fact.envelope)
    const [, , , body] = decode(payload) as [number, number, Uint8Array, unknown[]]
    expect(body.slice(1, 5)).toEqual([0, 'grid_worker', 1, 'x'])
    expect(idText(sealed!.owner as Uint8Array<ArrayBuffer>)).toBe(task.about.dwelling)
    expect(Buffer.from(fact.content!).toString()).not.toContain('照护人')
  })

  it('are fetched when the server says that they changed, each form once while its digest stands', async () => {
    const form = { programme: 'epidemic', version: '2020-03', form: 'returnee', zh: '返城登记', en: 'Returnee', digest: 'd1', about: 'person', roles: [], xml: '<h:html/>' }
    mock.forms = { known: '1', forms: [form], rules: [{ id: 'R', programme: 'epidemic', version: '2020-03', form: 'returnee', when: { value: true } }] }
    await sync()
    const kept = (await db.forms.toArray())[0]!
    expect(kept).toMatchObject({ key: 'epidemic/2020-03/returnee', xml: '<h:html/>', rules: [{ id: 'R' }] })
    mock.forms = { ...mock.forms, forms: [{ ...form, xml: 'another, under the same tag' }] }
    await sync()
    expect((await db.forms.toArray())[0]!.xml).toBe('<h:html/>')
    mock.forms = { ...mock.forms, known: '2', forms: [{ ...form, digest: 'd2', xml: '<new/>' }] }
    await sync()
    expect((await db.forms.toArray())[0]!.xml).toBe('<new/>')
    mock.forms = null
  })

  it('seals what was filled in to whom it is about, ends the draft and keeps the answers for the next time', async () => {
    await sync()
    const door = await firstDoor()
    const person = door.members![0]!.person
    const form = { key: 'epidemic/2020-03/returnee', programme: 'epidemic', version: '2020-03', form: 'returnee', zh: '返城登记', en: 'Returnee', digest: '', about: 'person' as const, roles: [], xml: '', rules: [] }
    const about = { dwelling: door.dwelling, person }
    await db.drafts.put({ id: 'draft', form: form.key, about, case: null, instance: '<data/>', page: 0, savedAt: 1 })
    await recordAnswers(identity, { form, about, door, case: null, on: 18331, answers: { temp_c: 38.5 }, spoke: [] }, 'draft', () => [], 5)
    const fact = (await db.outbox.toArray()).at(-1)!
    const envelope = decodeEnvelope(fact.envelope)
    expect(idText(envelope.sealed!.owner)).toBe(person)
    const [kind, , , body] = decode(envelope.payload) as [number, number, Uint8Array, unknown[]]
    expect([kind, body[0], body.slice(3)]).toEqual([32, 0, [null, 'epidemic', '2020-03', 'returnee', 18331]])
    expect(new TextDecoder().decode(fact.envelope)).not.toContain('temp_c')
    expect(await db.drafts.count()).toBe(0)
    expect((await db.answers.get(`epidemic/returnee/${person}`))!.answers).toEqual({ temp_c: 38.5 })
  })
})

describe('someone who was on no list', () => {
  const someone = (name: string) => ({ name, sex: '男' as const, birthDate: '', idNumber: '', phone: '', relation: '租户', note: '' })
  const kept = async (door: PhoneDoor) => (await db.visits.get(door.dwelling))!
  const names = async (door: PhoneDoor) => (await kept(door)).newcomers!.map(({ name }) => name)

  it('stays with the door through later visits, and not where the visit is taken back that recorded her', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door, { added: [someone('张三')] }), 1)
    const facts = await db.outbox.toArray()
    expect(await names(door)).toEqual(['张三'])
    expect((await kept(door)).newcomers![0]!.person).toBe(idText(decodeEnvelope(facts.at(-1)!.envelope).sealed!.owner))
    await recordVisit(identity, visit(door, { added: [someone('李四')] }), 2)
    expect(await names(door)).toEqual(['张三', '李四'])
    await recordVisit(identity, visit(door, { outcome: 'no_answer', instead: await kept(door) }), 3)
    expect(await names(door)).toEqual(['张三'])
    await recordVisit(identity, visit(door, { sweep: '018e0000-0000-7000-8000-000000000009' }), 4)
    expect(await names(door), 'another sweep finds her anew').toEqual([])
  })

  it('is shown until the server says that she is listed, and others are counted', async () => {
    await sync()
    const door = await firstDoor()
    await recordVisit(identity, visit(door, { added: [someone('张三'), someone('李四')] }), 1)
    const [own, waiting] = [await kept(door), await db.outbox.toArray()]
    const [first, second] = own.newcomers!
    const at = (unlisted: string[], facts: OutboxFact[], members = door.members) => newcomersAt({ ...door, members, sweeps: [{ sweep: mock.sweep.id, unlisted }] }, mock.sweep.id, own, facts)
    expect(at([], waiting)).toEqual({ known: [first, second], others: 0 })
    const accepted = waiting.map((fact) => ({ ...fact, fate: 'accepted' as const }))
    expect(at([first!.person, 'another'], accepted)).toEqual({ known: [first], others: 1 })
    expect(at([], accepted)).toEqual({ known: [], others: 0 })
    expect(at([], waiting, [{ person: first!.person, name: '张三', relation: '' }]).known).toEqual([second])
    expect(newcomersAt({ ...door, sweeps: [] }, mock.sweep.id, undefined, []).known).toEqual([])
  })
})

describe('a rule that spoke at the door', () => {
  it('is kept with what was filled in until the server says which case came of it', async () => {
    await sync()
    const door = await firstDoor()
    const form = { key: 'epidemic/2020-03/twice_daily', programme: 'epidemic', version: '2020-03', form: 'twice_daily', zh: '测温', en: 'Check', digest: '', about: 'dwelling' as const, roles: [], xml: '', rules: [] }
    const doctor = { code: 'doctor', zh: '医生', en: 'doctor' }
    const rule = { id: 'E-R05', programme: 'epidemic', version: '2020-03', form: 'twice_daily', says: { zh: '发热', en: 'A fever' }, resolved_by: { zh: '问诊', en: 'asked' }, tells: doctor, when: { value: true } }
    const asked: string[] = []
    mock.cameOf = (answers: string) => {
      asked.push(answers)
      return answers === '' ? [] : [{ position: Number(answers), case: 'case', pathway: { code: 'fever', zh: '发热', en: 'Fever' }, state: doctor, ended: false, since: '2020-03-01T00:00:00Z', owner: doctor, due: '2020-03-01T02:00:00Z' }]
    }
    await recordAnswers(identity, { form, about: { dwelling: door.dwelling, person: null }, door, case: null, on: 18331, answers: { temp_c: 38.5 }, spoke: [rule] }, 'draft', () => [], Date.now())
    const kept = async () => (await db.outbox.toArray()).at(-1)!
    expect((await kept()).spoke).toEqual([{ id: 'E-R05', says: rule.says, tells: doctor }])
    await sync()
    const { came, receipt } = await kept()
    expect(asked).toEqual([String(receipt!.position)])
    expect(came).toMatchObject([{ case: 'case', owner: doctor }])
    mock.cameOf = null
    await sync()
    expect((await kept()).came, 'what was told last stays').toEqual(came)
  })
})

describe('a picture', () => {
  const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])
  const form = { key: 'epidemic/2020-03/weak_place', programme: 'epidemic', version: '2020-03', form: 'weak_place', zh: '薄弱区域检查', en: 'Weak place', digest: '', about: 'place' as const, roles: [], xml: '', rules: [] }

  async function taken(): Promise<{ owner: string; name: string }> {
    await sync()
    const door = await firstDoor()
    const about = { dwelling: door.dwelling, person: null }
    const [left, kept] = [picture(new Uint8Array([...JPEG, 9])), picture(JPEG)]
    await keepPicture('draft', left)
    await keepPicture('draft', kept)
    await db.drafts.put({ id: 'draft', form: form.key, about, case: null, instance: '<data/>', page: 0, savedAt: 1 })
    const pictures = await sealPictures(identity, about, [kept])
    await recordAnswers(identity, { form, about, door, case: null, on: 18331, answers: { photo: `${kept.name} sha256:${kept.digest}` }, spoke: [] }, 'draft', pictures, 5)
    return { owner: door.dwelling, name: kept.name }
  }

  it('is kept with its draft, and only those that are answers go on', async () => {
    await taken()
    expect(await picturesOf('draft')).toEqual([])
    expect(await db.attachments.count()).toBe(1)
    const raw = await db.attachments.toArray()
    expect(Buffer.from(raw[0]!.content).includes(Buffer.from(JPEG))).toBe(false)
  })

  it('is sent after its fact, once, and opens with the territory’s key to the bytes that the fact names', async () => {
    const { owner, name } = await taken()
    await sync()
    await sync()
    expect(mock.attachments).toHaveLength(1)
    const sent = (mock.attachments as { series: string; sequence: number; name: string; content: Buffer; sealedKey: Buffer; token: string }[])[0]!
    expect(sent).toMatchObject({ series: idText(identity.series), name, token: `Device ${idText(identity.series)}:${identity.token}` })
    const fact = (await db.outbox.get(sent.sequence))!
    expect(fact.fate).toBe('accepted')
    const place = { owner: decodeEnvelope(fact.envelope).sealed!.owner, series: identity.series, sequence: sent.sequence }
    expect(idText(place.owner)).toBe(owner)
    const key = await openKey(mock.recovery, sent.sealedKey, place.owner, identity.series)
    expect(open(sent.content, key, place)).toEqual(JPEG)
    expect(new TextDecoder().decode(open(fact.content!, await keyOf(fact), place))).toContain(`sha256:${Buffer.from(contentDigest(JPEG)).toString('hex')}`)
    expect(await db.attachments.count()).toBe(0)
  })

  it('waits where the server is away or lacks what it belongs to, goes where that is erased, and is not sent again where it is refused', async () => {
    await taken()
    mock.attachmentStatus = 404
    await sync()
    expect((await db.attachments.toArray()).map(({ fate }) => fate)).toEqual(['waiting'])
    mock.attachmentStatus = 500
    await expect(sync()).rejects.toThrow()
    expect((await db.attachments.toArray()).map(({ fate }) => fate)).toEqual(['waiting'])
    mock.attachmentStatus = 409
    await sync()
    expect((await db.attachments.toArray()).map(({ fate }) => fate)).toEqual(['refused'])
    mock.attachmentStatus = 204
    await sync()
    expect(mock.attachments).toEqual([])
    await taken()
    mock.attachmentStatus = 410
    await sync()
    expect((await db.attachments.toArray()).map(({ fate }) => fate)).toEqual(['refused'])
  })

  it('leaves a locked phone without its token', async () => {
    await taken()
    const device = { series: identity.series, checkpointKey: identity.checkpointKey }
    phase.value = 'locked'
    holdKey(null)
    await syncOnce(device, Date.now)
    expect(mock.attachments.map(({ token }: { token: unknown }) => token)).toEqual([undefined])
    expect(await db.attachments.count()).toBe(0)
  })
})
