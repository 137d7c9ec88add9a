/** Doors that are handed over: offered to a colleague, hers once she takes them. The server's word, and what was said here since. */
import { computed, effectScope } from 'vue'
import type { HandedOver } from '@core/api/types'
import type { HandOverAnswer } from '@core/ledger/facts'
import { freshId, idText } from '@core/ledger/uuid'
import { setting, type OutboxFact, type PhoneDoor } from './db'
import { useLive } from './live'
import { identity } from './session'
import { outbox } from './syncer'

export interface Handing extends HandedOver {
  /** What was said last about it was said here, and the server has not told it yet. */
  here: boolean
}

export interface HandingEntry {
  handOver: string
  sweep: string
  giver: string
  taker: { worker: string; name: string }
  /** What is answered; null where the doors are offered. */
  answer: HandOverAnswer | null
  doors: string[]
}

const scope = effectScope(true)
const told = scope.run(() => useLive(async () => (await setting('handOvers')) ?? [], [] as HandedOver[]))!

export const me = computed(() => (identity.value === null ? '' : idText(identity.value.actor)))
export const handings = computed(() => saidSince(told.value, outbox.value, identity.value?.workerName ?? ''))

/** What the server told, and over it what this phone said since; what came back does not count. The newest is the first. */
export function saidSince(known: readonly HandedOver[], facts: readonly OutboxFact[], myName: string): Handing[] {
  const rows = new Map(known.map((row) => [row.hand_over, { ...row, here: false } as Handing]))
  for (const { handed, fate, madeAt } of facts) {
    if (!handed || fate === 'quarantined') continue
    const { handOver, sweep, giver, taker, answer, doors } = handed
    const row = rows.get(handOver)
    const at = new Date(madeAt).toISOString()
    if (answer === null && row === undefined) {
      rows.set(handOver, { hand_over: handOver, sweep, area_code: '', giver: { worker: giver, name: myName }, taker, offered_at: at, doors, here: true })
    } else if (answer !== null && row !== undefined && !row.answer) rows.set(handOver, { ...row, answer, answered_at: at, here: true })
  }
  return [...rows.values()].sort((one, other) => other.offered_at.localeCompare(one.offered_at))
}

/** Who took which doors of a sweep over, where it is someone else: the latest taking counts. */
export function heldByOthers(rows: readonly Handing[], sweep: string | undefined, worker: string): Map<string, string> {
  const taken = rows.filter((row) => row.answer === 'taken' && row.sweep === sweep)
  taken.sort((one, other) => one.answered_at!.localeCompare(other.answered_at!))
  const held = new Map<string, string>()
  for (const { doors, taker } of taken) {
    for (const door of doors) {
      if (taker.worker === worker) held.delete(door)
      else held.set(door, taker.name)
    }
  }
  return held
}

/** Doors of a sweep whose offer by this worker has no answer yet. */
export function offered(rows: readonly Handing[], sweep: string | undefined, worker: string): Set<string> {
  return new Set(rows.filter((row) => row.giver.worker === worker && row.sweep === sweep && !row.answer).flatMap(({ doors }) => doors))
}

/** As many doors are offered in one record. */
export const DOORS_LIMIT = 500

/** The offer of doors, in as many records as they need. */
export function offers(doors: readonly PhoneDoor[], sweep: string, giver: string, taker: HandingEntry['taker']): HandingEntry[] {
  const ids = doors.map(({ dwelling }) => dwelling)
  const parts = Array.from({ length: Math.ceil(ids.length / DOORS_LIMIT) }, (_, part) => ids.slice(part * DOORS_LIMIT, (part + 1) * DOORS_LIMIT))
  return parts.map((part) => ({ handOver: idText(freshId()), sweep, giver, taker, answer: null, doors: part }))
}

export function answerTo({ hand_over: handOver, sweep, giver, taker, doors }: Handing, answer: HandOverAnswer): HandingEntry {
  return { handOver, sweep, giver: giver.worker, taker, answer, doors }
}
