/** The doors of this worker's area as they stand now: the server's word, overlaid with what this phone wrote since. */
import { computed, effectScope, ref, type ComputedRef } from 'vue'
import { campaignDay, dayFromText } from '@core/doors/day'
import { walkingOrder } from '@core/doors/order'
import { doorState, recheckDue, type DoorState } from '@core/doors/state'
import type { DoorSweep, Sweep } from '@core/api/types'
import type { Outcome } from '@core/ledger/facts'
import { clock } from './clock'
import { db, setting, type FoundHere, type LocalVisit, type PhoneDoor } from './db'
import { handings, heldByOthers, me } from './handing'
import { useLive } from './live'
import { offsetHours } from './session'
import { outbox } from './syncer'

export interface DoorView {
  door: PhoneDoor
  state: DoorState
  outcome: Outcome | null
  /** Milliseconds. */
  at: number | null
  recheckOn: number | null
  /** Who was reached here in this sweep before an empty knock, which is then the latest visit. */
  foundBefore: FoundHere | null
  /** Needs another knock today. */
  due: boolean
  /** Who took it over from whoever had it, where it is someone else; null where it is hers as ever. */
  holder: string | null
  /** The latest visit here, where the server told none that is newer. */
  local: LocalVisit | null
  /** It is on this phone alone. */
  unsent: boolean
}

export interface Progress {
  all: number
  done: number
  met: number
  nobody: number
  refused: number
  /** Neither of them: vacant, away, no such door. */
  other: number
}

export type Filter = 'waiting' | 'recheck' | 'all'

const scope = effectScope(true)

const doors = scope.run(() => useLive(() => db.doors.toArray(), [] as PhoneDoor[]))!
export const visits = scope.run(() => useLive(() => db.visits.toArray(), [] as LocalVisit[]))!
const sweepsKept = scope.run(() => useLive(async () => (await setting('sweeps')) ?? [], [] as Sweep[]))!
const sweepChosen = scope.run(() => useLive(async () => (await setting('sweep')) ?? null, null as string | null))!
export const today = computed(() => campaignDay(clock.value, offsetHours.value))

export const openSweeps = computed(() => sweepsKept.value.filter((sweep) => !sweep.closed_at))

/** The sweep that knocks are recorded for: it stays while it is open, whatever is opened beside it. */
export const sweep: ComputedRef<Sweep | null> = computed(() => {
  const open = openSweeps.value
  return open.find(({ id }) => id === sweepChosen.value) ?? open[0] ?? null
})

const facts = computed(() => new Map(outbox.value.map((fact) => [fact.sequence, fact])))

/** Sorted anew where a door changed, and not for each knock. */
const walked = computed(() => walkingOrder(doors.value))

/** A door that stands as it stood is the same object, and its line is not drawn anew: of five hundred, a knock changes two. */
const standing = new Map<string, DoorView>()

export const doorViews = computed<DoorView[]>(() => {
  const current = sweep.value?.id
  const mine = new Map(visits.value.filter((visit) => visit.sweep === current).map((visit) => [visit.dwelling, visit]))
  const held = heldByOthers(handings.value, current, me.value)
  const before = new Map(standing)
  standing.clear()
  return walked.value.map((door) => {
    const now = view(door, current, mine.get(door.dwelling) ?? null, held.get(door.dwelling) ?? null)
    const was = before.get(door.dwelling)
    const row = was !== undefined && isSame(was, now) ? was : now
    standing.set(door.dwelling, row)
    return row
  })
})

export const progress = computed<Progress>(() => {
  const count = (matches: (row: DoorView) => boolean) => doorViews.value.filter(matches).length
  return {
    all: doorViews.value.length,
    done: count(({ outcome }) => outcome !== null),
    met: count(({ state }) => state === 'visited'),
    nobody: count(({ state }) => state === 'nobody'),
    refused: count(({ state }) => state === 'trouble'),
    other: count(({ outcome, state }) => outcome !== null && !['visited', 'nobody', 'trouble'].includes(state)),
  }
})

export function passes(row: DoorView, filter: Filter): boolean {
  if (filter === 'all') return true
  return filter === 'recheck' ? row.due : row.outcome === null && row.holder === null
}

/** The doors of a building, or of all. */
export function ofBuilding(rows: readonly DoorView[], building: string | null): readonly DoorView[] {
  return building === null ? rows : rows.filter(({ door }) => door.building === building)
}

/** How many of them each filter would show. */
export function countsOf(rows: readonly DoorView[]): Record<Filter, number> {
  const count = (filter: Filter) => rows.filter((row) => passes(row, filter)).length
  return { waiting: count('waiting'), recheck: count('recheck'), all: rows.length }
}

/** The door that is offered before all others: it was taken back, or opened from elsewhere. */
export const wanted = ref<string | null>(null)

/** The door to go to: the one that is wanted as long as it needs a knock, else the next after the last one. */
export function doorToOffer(rows: readonly DoorView[], first: string | null, after: string | null, filter: Filter): DoorView | null {
  const row = rows.find(({ door }) => door.dwelling === first)
  return row !== undefined && (passes(row, 'waiting') || row.due) ? row : nextDoor(rows, after, filter)
}

/** How many doors of the round wait with colleagues who took them over, by the colleague's name. */
export function withColleagues(rows: readonly DoorView[]): { name: string; n: number }[] {
  const tally = new Map<string, number>()
  for (const { outcome, holder } of rows) if (outcome === null && holder !== null) tally.set(holder, (tally.get(holder) ?? 0) + 1)
  return [...tally].map(([name, n]) => ({ name, n }))
}

/** The next door that still needs a knock after this one in walking order, going round once. */
export function nextDoor(rows: readonly DoorView[], after: string | null, filter: Filter): DoorView | null {
  const start = rows.findIndex(({ door }) => door.dwelling === after)
  const round = [...rows.slice(start + 1), ...rows.slice(0, start + 1)]
  const wanted = filter === 'recheck' ? 'recheck' : 'waiting'
  return round.find((row) => row.door.dwelling !== after && passes(row, wanted)) ?? null
}

/** A visit that was written again has another number; who was reached before follows from it and from the door. */
function isSame({ local: was, ...one }: DoorView, { local: now, ...other }: DoorView): boolean {
  return was?.sequence === now?.sequence && (Object.keys(one) as (keyof typeof one)[]).every((key) => key === 'foundBefore' || one[key] === other[key])
}

function view(door: PhoneDoor, current: string | undefined, local: LocalVisit | null, holder: string | null): DoorView {
  const known = door.sweeps.find(({ sweep: id }) => id === current)
  const knownAt = known?.at ? Date.parse(known.at) : null
  const newer = local !== null && (knownAt === null || local.at >= knownAt || [local, local.before].some((visit) => visit && isTold(known, visit)))
  const outcome = newer ? local.outcome : (known?.outcome ?? null)
  const recheck = newer ? local.recheckOn : known?.recheck_on ? dayFromText(known.recheck_on.slice(0, 10)) : null
  const empty = outcome === 'no_answer' || (outcome === 'away' && recheck === null)
  const foundBefore = empty || outcome === 'refused' ? foundHere(known, newer ? local : null, door.listed) : null
  // Whoever was seen is not missing because nobody opened a second time; the server counts alike.
  const stands = empty && foundBefore !== null && isEveryone(foundBefore, door)
  const recheckOn = stands ? null : recheck
  return {
    door,
    outcome,
    recheckOn,
    state: doorState(stands ? foundBefore.outcome : outcome),
    at: newer ? local.at : knownAt,
    foundBefore,
    due: holder === null && !stands && recheckDue(outcome, recheckOn, today.value),
    holder,
    local: newer ? local : null,
    unsent: newer && isUnsent(local.sequence),
  }
}

function isUnsent(sequence: number): boolean {
  const fate = facts.value.get(sequence)?.fate
  return fate === 'waiting' || fate === 'sent'
}

/** Whether the server's word is of this very visit: it has it when this device's clock said, or, not believing that, when it came. */
export function isTold(known: DoorSweep | undefined, { made, sequence }: LocalVisit): boolean {
  if (!known?.at) return false
  const at = Date.parse(known.at)
  const receipt = facts.value.get(sequence)?.receipt
  return at === made || (receipt != null && at === Date.parse(receipt.receivedAt))
}

/** What the next visit is told of those that came before it: who was reached, or, of one that it stands instead of, only that. */
export function foundSoFar(row: DoorView, instead: LocalVisit | null): FoundHere | null {
  const known = row.door.sweeps.find(({ sweep: id }) => id === sweep.value?.id)
  return foundHere(known, instead === null ? row.local : { ...instead, outcome: 'refused', instead: instead.made ?? instead.at }, row.door.listed)
}

/** Of a door where someone was met: how many of those listed, and who is left, by name where this phone knows which. */
export interface Missed {
  n: number
  left: number
  names: string[]
}

/** Who was not met at a door where others were; null where nobody is left. */
export function missedAt(row: DoorView): Missed | null {
  const { door, outcome, local } = row
  const found = outcome === 'met' ? foundSoFar(row, null) : null
  if (found === null || found.reached >= door.listed) return null
  const n = found.reached
  const members = door.members ?? []
  const left = members.filter(({ person }) => !local?.seen.includes(person))
  // Whom a colleague met before her the server tells by number alone.
  return { n, left: door.listed - n, names: left.length === door.listed - n ? left.map(({ name }) => name) : [] }
}

export function isEveryone({ reached }: FoundHere, { listed }: Pick<PhoneDoor, 'listed'>): boolean {
  return reached >= listed
}

/** The newest visit of the sweep that reached someone, by the server's word and this phone's; so many are listed. */
export function foundHere(known: DoorSweep | undefined, local: LocalVisit | null, listed: number): FoundHere | null {
  const found: FoundHere[] = []
  if (known?.found) found.push({ ...known.found, at: Date.parse(known.found.at) })
  if (local?.found) found.push(local.found)
  if (local?.outcome === 'met') found.push({ at: local.at, outcome: 'met', reached: local.seen.length })
  // A call reaches everyone who is listed by then; of who was listed later the server knows.
  if (local?.outcome === 'phone') found.push({ at: local.at, outcome: 'phone', reached: isUnsent(local.sequence) ? listed : local.seen.length })
  const left = found.filter(({ at }) => at !== local?.instead)
  const newest = left.reduce<FoundHere | null>((best, one) => (best === null || one.at >= best.at ? one : best), null)
  // Each tells of the sightings that it knows: whoever knows of more is right.
  return newest && { ...newest, reached: Math.max(...left.map(({ reached }) => reached)) }
}
