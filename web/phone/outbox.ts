/**
 * Making facts: each visit becomes envelopes in this device's series, in one transaction with what the screen shows. The
 * last of a tap is signed in it, and the key of what is personal encrypted to the territory before it, so that whatever
 * is saved can be sent from a phone that nobody can open any more.
 */
import Dexie, { type Table } from 'dexie'
import {
  caseActedBody,
  doorsAnsweredBody,
  doorsOfferedBody,
  dwellingRegisteredBody,
  Kind,
  payload,
  personContent,
  personSeenBody,
  visitContent,
  visitedBody,
  visitTakenBackBody,
  type Deed,
  type DoorAddress,
  type Evidence,
  type Light,
  type Outcome,
  type PersonContent,
} from '@core/ledger/facts'
import type { Named } from '@core/api/types'
import { text, type Bytes } from '@core/ledger/bytes'
import type { Canonical } from '@core/ledger/canonical'
import { encodeEnvelope, factHash, FIRST_PREVIOUS, headMessage } from '@core/ledger/envelope'
import { contentDigest, freshKey, freshNonce, seal } from '@core/ledger/seal'
import { sign } from '@core/ledger/signature'
import { freshId, idBytes, idText } from '@core/ledger/uuid'
import { floorOf } from '@core/doors/order'
import { bestNow } from './clock'
import { db, setting, type FoundHere, type Identity, type KeptTask, type LocalVisit, type OutboxFact, type PhoneDoor } from './db'
import type { HandingEntry } from './handing'
import { doorTitle } from './naming'
import { keeping } from './vault'

export interface VisitEntry {
  door: PhoneDoor
  sweep: string
  outcome: Outcome
  light: Light
  evidence: Evidence[]
  /** Days since 1970-01-01 in the campaign's zone. */
  recheckOn: number | null
  occupants: number | null
  /** Listed members who were seen, by person id. */
  seen: string[]
  /** People met who are on no list. */
  added: PersonContent[]
  note: string
  where: string
  /** The visit from this phone that was recorded wrongly, and that this one stands instead of. */
  instead?: LocalVisit | null
  /** Who was known to have been reached here in this sweep. */
  found?: FoundHere | null
}

export interface Draft {
  kind: number
  body: Canonical[]
  content: { owner: Uint8Array; plaintext: Uint8Array } | null
  what: OutboxFact['what']
  named?: Named
  deed?: OutboxFact['deed']
  handed?: OutboxFact['handed']
  spoke?: OutboxFact['spoke']
}

export type Place = Pick<PhoneDoor, 'dwelling' | 'building' | 'unit' | 'room'>

export interface DeedEntry {
  task: KeptTask
  deed: Deed
  role: string
  /** Of a step or a signature. */
  step: Named | null
  /** Of an offer. */
  to: string | null
  /** Days since 1970-01-01: from when the state after a step counts, where a form says it. */
  countedFrom: number | null
  /** Why a step is taken against its condition. */
  why: string | null
}

/** A draft whose content has its key. */
interface Keyed extends Draft {
  keys: Pick<OutboxFact, 'dataKey' | 'sealedKey'> & { made: Bytes | null }
}

/** The visit itself, and each who was seen. */
export const factsOf = ({ facts, seen }: LocalVisit): number => facts ?? 1 + seen.length

/** Writes the visit and the sightings that belong to it. Returns the visit number for `undo`. */
export async function recordVisit(identity: Identity, entry: VisitEntry, now: number): Promise<number> {
  const sweep = idBytes(entry.sweep)
  const dwelling = idBytes(entry.door.dwelling)
  const noted = entry.note !== '' || entry.where !== ''
  const added = entry.added.map((person) => ({ ...person, owner: freshId() }))
  const drafts: Draft[] = [
    {
      kind: Kind.Visited,
      body: visitedBody({ ...entry, sweep, dwelling }),
      content: noted ? { owner: dwelling, plaintext: visitContent(entry.note, entry.where) } : null,
      what: 'visit',
    },
    ...entry.seen.map((person): Draft => {
      return { kind: Kind.PersonSeen, body: personSeenBody(sweep, dwelling, idBytes(person)), content: null, what: 'seen' }
    }),
    ...added.map(({ owner, ...person }): Draft => {
      const content = { owner, plaintext: personContent(person) }
      return { kind: Kind.PersonSeen, body: personSeenBody(sweep, dwelling, owner), content, what: 'added_person' }
    }),
  ]
  const facts = drafts.length
  const { instead = null } = entry
  if (instead !== null) {
    const body = visitTakenBackBody(sweep, dwelling, instead.sequence, factsOf(instead))
    drafts.push({ kind: Kind.VisitTakenBack, body, content: null, what: 'taken_back' })
  }
  return write(identity, drafts, entry.door, entry.outcome, now, [db.visits, db.visitDrafts], async (first) => {
    const before = await db.visits.get(entry.door.dwelling)
    // Whoever was recorded with a visit that stands no more is recorded no more.
    const standing = instead === null ? before : before?.before
    const known = standing?.sweep === entry.sweep ? (standing.newcomers ?? []) : []
    await db.visits.put({
      dwelling: entry.door.dwelling,
      sweep: entry.sweep,
      sequence: first.sequence,
      outcome: entry.outcome,
      light: entry.light,
      evidence: [...entry.evidence],
      recheckOn: entry.recheckOn,
      seen: [...entry.seen],
      at: bestNow(),
      facts,
      found: entry.found ?? null,
      instead: instead === null ? null : (instead.made ?? instead.at),
      made: now,
      before: before === undefined ? null : { ...before, before: null },
      newcomers: [...known, ...added.map(({ owner, name, relation }) => ({ person: idText(owner), name, relation, sequence: first.sequence }))],
    })
    await db.visitDrafts.delete(entry.door.dwelling)
  })
}

/** Writes what was done about a case. Returns the visit number for `undo`. */
export async function recordDeed(identity: Identity, entry: DeedEntry, now: number): Promise<number> {
  const { task, deed, role, step, to, countedFrom, why } = entry
  const peer = to ?? (deed === 'take' || deed === 'decline' ? giverOf(task, idText(identity.actor)) : null)
  const draft: Draft = {
    kind: Kind.CaseActed,
    body: caseActedBody({
      case: idBytes(task.case),
      turn: task.turn,
      role,
      deed,
      step: step?.code ?? null,
      to: to === null ? null : idBytes(to),
      countedFrom,
    }),
    // About an area as a whole nothing is overridden on a phone.
    content: why === null ? null : { owner: idBytes((task.about.person ?? task.about.dwelling)!), plaintext: text(why) },
    what: 'acted',
    ...(step === null ? {} : { named: step }),
    deed: { case: task.case, turn: task.turn, what: deed, ...(peer === null ? {} : { with: peer }) },
  }
  return write(identity, [draft], { ...task.about, dwelling: task.about.dwelling ?? '' }, null, now)
}

/** Who offered it to her; none where she takes it, or takes it back, of her own accord. */
function giverOf({ offered, offered_by: by }: KeptTask, me: string): string | null {
  return offered === me && by !== undefined ? by : null
}

/** Writes that doors are offered to a colleague, or what is answered to it. Returns the visit number for `undo`. */
export async function recordHanding(identity: Identity, entry: HandingEntry, now: number): Promise<number> {
  const { handOver, sweep, taker, answer, doors } = entry
  const draft: Draft = {
    ...(answer === null
      ? { kind: Kind.DoorsOffered, body: doorsOfferedBody(idBytes(handOver), idBytes(sweep), idBytes(taker.worker), doors.map(idBytes)) }
      : { kind: Kind.DoorsAnswered, body: doorsAnsweredBody(idBytes(handOver), answer) }),
    content: null,
    what: 'handed',
    handed: entry,
  }
  // It is of many doors, and of none of them alone.
  return write(identity, [draft], { dwelling: '', building: '', unit: '', room: '' }, null, now)
}

/** Registers a door that is on no list, under a fresh id, and puts it among this phone's doors. */
export async function recordDoor(identity: Identity, address: DoorAddress, now: number): Promise<PhoneDoor> {
  const id = freshId()
  const door: PhoneDoor = {
    dwelling: idText(id),
    area_code: address.areaCode,
    building: address.building,
    unit: address.unit,
    room: address.room,
    place: address.place,
    floor: floorOf(address.room),
    listed: 0,
    members: [],
    sweeps: [],
    own: true,
  }
  const draft: Draft = {
    kind: Kind.DwellingRegistered,
    body: dwellingRegisteredBody(id, address),
    content: null,
    what: 'added_door',
  }
  await write(identity, [draft], door, null, now, [db.doors], async () => {
    await db.doors.put(door)
  })
  return door
}

/**
 * Takes back the latest visit while nothing of it has left the phone. What was sent stays; a correction is then a visit that
 * stands instead of it. Returns whether it was taken back.
 */
export async function undo(visit: number): Promise<boolean> {
  return db.transaction('rw', db.outbox, db.visits, async () => {
    const facts = await db.outbox.where('visit').equals(visit).toArray()
    const last = await db.outbox.orderBy('sequence').last()
    const untouched = facts.length > 0 && facts.every(({ fate }) => fate === 'waiting')
    if (!untouched || last?.visit !== visit) return false
    await db.outbox.bulkDelete(facts.map(({ sequence }) => sequence))
    if (facts[0]!.what !== 'visit') return true
    const { dwelling } = facts[0]!
    const before = (await db.visits.get(dwelling))?.before
    await (before ? db.visits.put(before) : db.visits.delete(dwelling))
    return true
  })
}

/** What was sent back stays in the ledger and on this phone, and on no list any more. */
export async function putAway(visit: number): Promise<void> {
  await keeping(() => db.outbox.where('visit').equals(visit).modify({ putAway: true }))
}

/** Writes the facts of one tap, and what the screens show of them, or nothing. Returns the visit number for `undo`. */
export async function write(
  identity: Identity,
  drafts: readonly Draft[],
  door: Place,
  outcome: Outcome | null,
  now: number,
  tables: readonly Table[] = [],
  beside: (first: OutboxFact) => Promise<void> = async () => {},
): Promise<number> {
  return keeping(async () => {
    const keyed = await withKeys(identity, drafts)
    return db.transaction('rw', [db.outbox, ...tables], async () => {
      const [first] = await append(identity, keyed, door, outcome, now)
      await beside(first!)
      return first!.visit
    })
  })
}

/** What is waited for outside of the database is made before its transaction begins. */
async function withKeys(identity: Identity, drafts: readonly Draft[]): Promise<Keyed[]> {
  const recoveryKey = await setting('recoveryKey')
  return Promise.all(
    drafts.map(async (draft): Promise<Keyed> => {
      if (draft.content === null) return { ...draft, keys: { made: null, dataKey: null, sealedKey: null } }
      const made = freshKey()
      if (recoveryKey === undefined) return { ...draft, keys: { made, dataKey: made, sealedKey: null } }
      const { sealKey } = await import('./recovery')
      const sealedKey = await sealKey(recoveryKey, made, draft.content.owner, identity.series)
      return { ...draft, keys: { made, dataKey: null, sealedKey } }
    }),
  )
}

async function append(
  identity: Identity,
  drafts: readonly Keyed[],
  door: Place,
  outcome: Outcome | null,
  now: number,
): Promise<OutboxFact[]> {
  const last = await db.outbox.orderBy('sequence').last()
  let sequence = last === undefined ? 0 : last.sequence + 1
  let previous: Uint8Array = last?.hash ?? FIRST_PREVIOUS
  const visit = (last?.visit ?? 0) + 1
  const facts = drafts.map((draft): OutboxFact => {
    const sealed = draft.content === null ? null : sealFor(identity.series, sequence, draft.content, draft.keys.made!)
    const envelope = encodeEnvelope({
      series: identity.series,
      sequence,
      previous,
      payload: payload(draft.kind, now, identity.actor, draft.body),
      sealed: sealed === null ? null : { owner: sealed.owner, digest: contentDigest(sealed.content) },
    })
    const hash = factHash(envelope)
    const fact: OutboxFact = {
      sequence,
      envelope,
      hash,
      content: sealed?.content ?? null,
      sealedKey: draft.keys.sealedKey,
      dataKey: draft.keys.dataKey,
      signature: null,
      fate: 'waiting',
      madeAt: bestNow(),
      visit,
      what: draft.what,
      dwelling: door.dwelling,
      doorName: doorTitle(door),
      outcome: draft.what === 'visit' ? outcome : null,
      named: draft.named ?? null,
      deed: draft.deed ?? null,
      handed: draft.handed ?? null,
      ...(draft.spoke?.length ? { spoke: draft.spoke } : {}),
      receipt: null,
    }
    sequence += 1
    previous = hash
    return fact
  })
  const newest = facts.at(-1)!
  newest.signature = await Dexie.waitFor(sign(identity.key, headMessage(identity.series, newest.sequence, newest.hash)))
  await db.outbox.bulkAdd(facts)
  return facts
}

function sealFor(series: Uint8Array, sequence: number, content: NonNullable<Draft['content']>, dataKey: Uint8Array) {
  const { owner, plaintext } = content
  return { owner, content: seal(plaintext, dataKey, freshNonce(), { owner, series, sequence }) }
}
