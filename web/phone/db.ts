/**
 * What the phone keeps: its identity, the doors of its area, and every fact it made until long after the server has it.
 * Sealed but for what CLEAR and PLAIN say; a table added here is sealed by being added.
 */
import Dexie, { type EntityTable, type Transaction } from 'dexie'
import type { Area, CameOf, CaseRole, Colleague, Door, DoorRule, FormRow, HandedOver, MyPlan, MyTask, Named, Sweep } from '@core/api/types'
import type { Given } from '@core/ledger/answers'
import type { Bytes } from '@core/ledger/bytes'
import type { Deed, Evidence, Light, Outcome } from '@core/ledger/facts'
import type { DeviceKey } from '@core/ledger/signature'
import type { HandingEntry } from './handing'
import { sealing } from './vault'

/** What a locked phone knows of itself: enough to send, and nothing to read with. */
export interface Device {
  series: Bytes
  /** The territory's checkpoint key, 32 bytes, as it was at enrolment. */
  checkpointKey: Bytes
}

export interface Identity extends Device {
  key: DeviceKey
  token: string
  /** The worker, 16 bytes, written into every fact. */
  actor: Bytes
  workerName: string
  area: Pick<Area, 'code' | 'name'>
  offsetHours: number
  enrolledAt: number
}

/** waiting: only here. sent: on its way, unanswered. accepted and quarantined: the server's word. */
export type Fate = 'waiting' | 'sent' | 'accepted' | 'quarantined'

export interface OutboxFact {
  sequence: number
  envelope: Bytes
  hash: Bytes
  content: Bytes | null
  /** The content's key, encrypted to the territory. */
  sealedKey: Bytes | null
  /** The content's key as long as this phone does not know to whom to encrypt it. */
  dataKey: Bytes | null
  /** Over this fact and so over all before it, where it is the last of a tap. */
  signature: Bytes | null
  fate: Fate
  /** Milliseconds: the best known time, which is not always what the envelope says by this device's clock. */
  madeAt: number
  /** Facts of one tap share a visit number, so that they are shown and undone together. */
  visit: number
  what: 'visit' | 'seen' | 'added_person' | 'added_door' | 'answered' | 'acted' | 'handed' | 'taken_back'
  dwelling: string
  doorName: string
  outcome: Outcome | null
  /** How a form or a step is called. Absent on what an earlier release wrote. */
  named?: Named | null
  /** The case that a deed is about, how many of its steps had run, and of an offer or an answer to one with whom. */
  deed?: { case: string; turn: number; what: Deed; with?: string } | null
  /** An offer of doors, or an answer to one. */
  handed?: HandingEntry | null
  /** Of a form: the rules that spoke when it was filled in, and the cases that the server says came of it. */
  spoke?: SpokenRule[]
  came?: CameOf[]
  receipt: StoredReceipt | null
  /** It was sent back, she has read why, and needs it on no list any more. */
  putAway?: boolean
}

/** A rule as it is told of after its form is gone. */
export type SpokenRule = Pick<DoorRule, 'id' | 'says' | 'tells' | 'opens'>

export interface StoredReceipt {
  reason: string | null
  message: string | null
  messageEn: string | null
  position: number
  receivedAt: string
}

/** What this phone last wrote about a door, shown until the server's own word is newer. */
export interface LocalVisit {
  dwelling: string
  sweep: string
  sequence: number
  outcome: Outcome
  light: Light
  evidence: Evidence[]
  recheckOn: number | null
  seen: string[]
  at: number
  /** How many facts it is, from `sequence` on. Absent on what an earlier release wrote: the visit, and each who was seen. */
  facts?: number
  /** What this phone knew before it of people who were reached here in the sweep. */
  found?: FoundHere | null
  /** When the visit was that this one stands instead of, as the server has it. */
  instead?: number | null
  /** What this device's clock said: the server tells the visit by it. Absent on what an earlier release wrote. */
  made?: number
  /** What this phone wrote of the door before it, without what was before that. */
  before?: LocalVisit | null
  /** Who was recorded here in the sweep by this phone and was on no list, with the number of the visit. */
  newcomers?: Newcomer[]
}

export interface Newcomer {
  person: string
  name: string
  relation: string
  sequence: number
}

export interface FoundHere {
  at: number
  outcome: 'met' | 'phone'
  reached: number
}

/** A task of this worker's as the server told it last. */
export interface KeptTask extends MyTask {
  /** `<case>/<task>` */
  id: string
}

/** A form of a programme, whole: XForm XML and the rules that can be judged on the phone. */
/** What lies beside forms: a picture, a sound or a film that one shows, or a list that it chooses from. */
export interface FormFile {
  /** SHA-256 in hexadecimal: two forms that show the same have it once. */
  digest: string
  bytes: Bytes
}

export interface KeptForm extends FormRow {
  /** `<programme>/<version>/<form>` */
  key: string
  xml: string
  rules: DoorRule[]
}

/** Whom or what a form is filled in about, at which door. */
export interface FormAbout {
  /** Of a worker the id of the area where she works. */
  dwelling: string
  person: string | null
  /** Herself. */
  worker?: string
}

/** A form that is being filled in, as it was after the last answer. */
export interface FormDraft {
  /** `<form key>/<person or dwelling>` */
  id: string
  form: string
  about: FormAbout
  case: string | null
  /** The form's instance, XML. */
  instance: string
  page: number
  savedAt: number
}

/** A picture that a form names, by a random name. */
export interface Picture {
  name: string
  /** SHA-256 of the bytes, in hexadecimal. */
  digest: string
  bytes: Bytes
}

/** One in a form that is not finished. */
export interface DraftPicture extends Picture {
  /** `<draft>/<name>` */
  id: string
  draft: string
}

/** One on its way to the server, sealed as the content of the fact that names it. */
export interface Attachment {
  /** `<sequence>/<name>` */
  id: string
  sequence: number
  name: string
  content: Bytes
  sealedKey: Bytes
  /** refused: the server does not take it, and it is not sent again. */
  fate: 'waiting' | 'refused'
}

/** What was filled in last on this phone about someone, to be taken over answer by answer. */
export interface LastAnswers {
  /** `<programme>/<form>/<person or dwelling>` */
  id: string
  /** Days since 1970-01-01. */
  on: number
  answers: Record<string, Given>
}

export interface PhoneDoor extends Door {
  /** Registered by this phone and not yet known to come from the server. */
  own: boolean
}

export interface SeenCheckpoint {
  size: number
  root: Bytes
  note: string
  seenAt: number
}

/** The server showed a past that contradicts what this phone was shown before. Kept for good, with both notes. */
export interface PastRewritten {
  before: SeenCheckpoint
  shown: string
  why: 'shrunk' | 'inconsistent' | 'signature' | 'inclusion'
  at: number
}

/** A visit in the middle of being written down, as its screen has it. */
export interface VisitDraft {
  dwelling: string
  /** The outcome with which the screen was opened; none where the last record is recorded anew. */
  asked: Outcome | null
  form: Record<string, unknown>
  /** Milliseconds; absent on what an earlier release wrote. */
  savedAt?: number
}

/** How the vault key is wrapped, and how often a wrong PIN was tried. */
export interface Lock {
  salt: Bytes
  /** scrypt's N is 2 to this. */
  cost: number
  half: CryptoKey | Bytes
  wrapped: Bytes
  wrong: number
  /** Milliseconds: no PIN is tried before. */
  notBefore: number
}

/** When the server was heard last, by its clock and by this phone's, milliseconds. */
export interface ServerTime {
  server: number
  device: number
}

/** Of nobody in particular, and needed while the phone is locked. */
interface Plain {
  lock: Lock
  device: Device
  /** The signing key of a phone enrolled before keys were sealed: it can be used, and not read out. */
  signer: CryptoKey
  /** The first line of the territory's checkpoints; learnt with the first one and never changed after. */
  origin: string
  /** X25519, 32 bytes: to whom the keys of what is recorded are encrypted. */
  recoveryKey: Bytes
  /** Milliseconds: the end of the deployment; null where none was said. */
  endsAt: number | null
  checkpoint: SeenCheckpoint
  pastRewritten: PastRewritten
  serverTime: ServerTime
  lastSync: { at: number; ok: boolean; why: string | null }
}

interface Settings {
  identity: Identity
  cursor: string
  sweeps: Sweep[]
  sweep: string
  plans: MyPlan[]
  /** Printed on slips; as it was typed last, or as the server knows it of where she works. */
  officePhone: string
  /** Opaque: what the server said last of this worker's tasks and of the forms in force, and of which forms are here. */
  tasksKnown: string
  formsTold: string
  formsKnown: string
  caseRoles: CaseRole[]
  colleagues: Colleague[]
  others: Colleague[]
  handOvers: HandedOver[]
}

const PLAIN: readonly string[] = [
  'lock',
  'device',
  'signer',
  'origin',
  'recoveryKey',
  'endsAt',
  'checkpoint',
  'pastRewritten',
  'serverTime',
  'lastSync',
] satisfies (keyof Plain)[]

/** Pseudonyms, ciphertexts and fates: what a push needs while the phone is locked. */
const CLEAR = {
  outbox: ['envelope', 'hash', 'content', 'sealedKey', 'signature', 'receipt'],
  attachments: ['sequence', 'name', 'content', 'sealedKey'],
}

class PhoneDatabase extends Dexie {
  declare settings: EntityTable<{ name: string; value: unknown }, 'name'>
  declare doors: EntityTable<PhoneDoor, 'dwelling'>
  declare outbox: EntityTable<OutboxFact, 'sequence'>
  declare visits: EntityTable<LocalVisit, 'dwelling'>
  declare visitDrafts: EntityTable<VisitDraft, 'dwelling'>
  declare plain: EntityTable<{ name: string; value: unknown }, 'name'>
  declare tasks: EntityTable<KeptTask, 'id'>
  declare forms: EntityTable<KeptForm, 'key'>
  declare files: EntityTable<FormFile, 'digest'>
  declare drafts: EntityTable<FormDraft, 'id'>
  declare answers: EntityTable<LastAnswers, 'id'>
  declare pictures: EntityTable<DraftPicture, 'id'>
  declare attachments: EntityTable<Attachment, 'id'>

  constructor() {
    super('wanjia')
    this.version(1).stores({
      settings: 'name',
      doors: 'dwelling',
      outbox: 'sequence, fate, visit',
      visits: 'dwelling',
    })
    this.version(2).stores({ tasks: 'id', forms: 'key', drafts: 'id', answers: 'id' })
    this.version(3).stores({ plain: 'name', visitDrafts: 'dwelling' }).upgrade(apart)
    this.version(4).stores({ pictures: 'id, draft', attachments: 'id, fate' })
    this.version(5).stores({ files: 'digest' })
    this.use(sealing(CLEAR, ['plain'], ['doors', 'outbox', 'visits']))
  }
}

/** A phone of before the PIN: what is needed while it will be locked moves to where it is not sealed. */
async function apart(transaction: Transaction): Promise<void> {
  const settings = transaction.table<{ name: string; value: unknown }>('settings')
  const plain = transaction.table<{ name: string; value: unknown }>('plain')
  for (const row of await settings.toArray()) {
    if (!PLAIN.includes(row.name)) continue
    await plain.put(row)
    await settings.delete(row.name)
  }
  const known = (await settings.get('identity'))?.value as (Identity & { origin?: string | null }) | undefined
  if (known === undefined) return
  const { series, checkpointKey, origin, key, ...rest } = known
  await plain.put({ name: 'device', value: { series, checkpointKey } satisfies Device })
  if (origin) await plain.put({ name: 'origin', value: origin })
  if (key.kind !== 'browser') return
  await plain.put({ name: 'signer', value: key.privateKey })
  await settings.put({ name: 'identity', value: { ...rest, series, checkpointKey, key: { kind: 'apart', publicKey: key.publicKey } } })
}

export const db = new PhoneDatabase()

export const SEALED_TABLES = db.tables.map(({ name }) => name).filter((name) => name !== 'plain')

type Kept = Settings & Plain

const tableOf = (name: string) => (PLAIN.includes(name) ? db.plain : db.settings)

export async function setting<Name extends keyof Kept>(name: Name): Promise<Kept[Name] | undefined> {
  return (await tableOf(name).get(name))?.value as Kept[Name] | undefined
}

export async function keep<Name extends keyof Kept>(name: Name, value: Kept[Name]): Promise<void> {
  await tableOf(name).put({ name, value })
}

/** Who this phone belongs to, with the key that signs for her, wherever it lies. */
export async function storedIdentity(): Promise<Identity | undefined> {
  const known = await setting('identity')
  if (known === undefined || known.key.kind !== 'apart') return known
  const privateKey = (await setting('signer'))!
  return { ...known, key: { kind: 'browser', publicKey: known.key.publicKey, privateKey } }
}

/** Deletes everything, the key included: the phone is as new and must be enrolled again. */
export async function wipe(): Promise<void> {
  await db.delete()
}
