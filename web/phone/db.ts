/** What the phone keeps: its identity, the doors of its area, and every fact it made until long after the server has it. */
import Dexie, { type EntityTable } from 'dexie'
import type { Area, Door, MyPlan, Sweep } from '@core/api/types'
import type { Bytes } from '@core/ledger/bytes'
import type { Evidence, Light, Outcome } from '@core/ledger/facts'
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
  what: 'visit' | 'seen' | 'added_person' | 'added_door'
  dwelling: string
  doorName: string
  outcome: Outcome | null
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

  constructor() {
    super('wanjia')
    this.version(1).stores({
      settings: 'name',
      doors: 'dwelling',
      outbox: 'sequence, fate, visit',
      visits: 'dwelling',
    })
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
