/** What the phone keeps: its identity, the doors of its area, and every fact it made until long after the server has it. */
import Dexie, { type EntityTable } from 'dexie'
import type { Area, CaseRole, Colleague, Door, DoorRule, FormRow, MyPlan, MyTask, Named, Sweep } from '@core/api/types'
import type { Given } from '@core/ledger/answers'
import type { Bytes } from '@core/ledger/bytes'
import type { Deed, Evidence, Light, Outcome } from '@core/ledger/facts'
import type { DeviceKey } from '@core/ledger/signature'

export interface Identity {
  series: Bytes
  key: DeviceKey
  token: string
  /** The worker, 16 bytes, written into every fact. */
  actor: Bytes
  workerName: string
  area: Pick<Area, 'code' | 'name'>
  offsetHours: number
  /** The territory's checkpoint key, 32 bytes, as it was at enrolment. */
  checkpointKey: Bytes
  /** The first line of the territory's checkpoints; learnt with the first one and never changed after. */
  origin: string | null
  enrolledAt: number
}

/** waiting: only here. sent: on its way, unanswered. accepted and quarantined: the server's word. */
export type Fate = 'waiting' | 'sent' | 'accepted' | 'quarantined'

export interface OutboxFact {
  sequence: number
  envelope: Bytes
  hash: Bytes
  content: Bytes | null
  dataKey: Bytes | null
  fate: Fate
  /** Milliseconds, this device's clock. */
  madeAt: number
  /** Facts of one tap share a visit number, so that they are shown and undone together. */
  visit: number
  what: 'visit' | 'seen' | 'added_person' | 'added_door' | 'answered' | 'acted'
  dwelling: string
  doorName: string
  outcome: Outcome | null
  /** How a form or a step is called. Absent on what an earlier release wrote. */
  named?: Named | null
  /** The case that a deed is about, and how many of its steps had run. */
  deed?: { case: string; turn: number; what: Deed } | null
  receipt: StoredReceipt | null
}

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
}

/** A task of this worker's as the server told it last. */
export interface KeptTask extends MyTask {
  /** `<case>/<task>` */
  id: string
}

/** A form of a programme, whole: XForm XML and the rules that can be judged on the phone. */
export interface KeptForm extends FormRow {
  /** `<programme>/<version>/<form>` */
  key: string
  xml: string
  rules: DoorRule[]
}

/** Whom or what a form is filled in about, at which door. */
export interface FormAbout {
  dwelling: string
  person: string | null
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

interface Settings {
  identity: Identity
  cursor: string
  sweeps: Sweep[]
  sweep: string
  plans: MyPlan[]
  /** Opaque: what the server said last of this worker's tasks, and of the forms in force. */
  tasksKnown: string
  formsKnown: string
  caseRoles: CaseRole[]
  colleagues: Colleague[]
  checkpoint: SeenCheckpoint
  pastRewritten: PastRewritten
  /** Device clock minus server clock, milliseconds. */
  clockSkew: number
  lastSync: { at: number; ok: boolean; why: string | null }
}

class PhoneDatabase extends Dexie {
  declare settings: EntityTable<{ name: string; value: unknown }, 'name'>
  declare doors: EntityTable<PhoneDoor, 'dwelling'>
  declare outbox: EntityTable<OutboxFact, 'sequence'>
  declare visits: EntityTable<LocalVisit, 'dwelling'>
  declare tasks: EntityTable<KeptTask, 'id'>
  declare forms: EntityTable<KeptForm, 'key'>
  declare drafts: EntityTable<FormDraft, 'id'>
  declare answers: EntityTable<LastAnswers, 'id'>

  constructor() {
    super('wanjia')
    this.version(1).stores({
      settings: 'name',
      doors: 'dwelling',
      outbox: 'sequence, fate, visit',
      visits: 'dwelling',
    })
    this.version(2).stores({ tasks: 'id', forms: 'key', drafts: 'id', answers: 'id' })
  }
}

export const db = new PhoneDatabase()

export async function setting<Name extends keyof Settings>(name: Name): Promise<Settings[Name] | undefined> {
  return (await db.settings.get(name))?.value as Settings[Name] | undefined
}

export async function keep<Name extends keyof Settings>(name: Name, value: Settings[Name]): Promise<void> {
  await db.settings.put({ name, value })
}

/** Deletes everything, the key included: the phone is as new and must be enrolled again. */
export async function wipe(): Promise<void> {
  await db.delete()
}
