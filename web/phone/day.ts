/** A worker's day: in which order what is due is done, what she did about it since, and her hours. */
import { campaignDay, dayFromText } from '@core/doors/day'
import type { MyStep, MyTask } from '@core/api/types'
import type { KeptTask, OutboxFact } from './db'

const HOUR = 3_600_000

export type When = 'overdue' | 'today' | 'later'

export interface DayTask {
  task: KeptTask
  when: When
  /** What she did about it on this phone and the server has not taken up yet. */
  done: OutboxFact | null
}

export interface Day {
  /** Offered to her, and hers only once she takes them. */
  offered: DayTask[]
  overdue: DayTask[]
  today: DayTask[]
  later: DayTask[]
  /** Someone else has taken them over. */
  others: DayTask[]
  /** Done here, on the way to the server. */
  done: DayTask[]
}

export interface Worked {
  /** Days since 1970-01-01 in the campaign's zone. */
  day: number
  /** The first and the last record of the day, milliseconds. */
  from: number
  to: number
}

/**
 * Overdue first, what is overdue longest before the rest; then in the order in which one walks past the doors.
 * `rank` gives a door its place in that walk.
 */
export function myDay(
  tasks: readonly KeptTask[],
  outbox: readonly OutboxFact[],
  rank: ReadonlyMap<string, number>,
  me: string,
  now: number,
  offsetHours: number,
): Day {
  const day: Day = { offered: [], overdue: [], today: [], later: [], others: [], done: [] }
  const today = campaignDay(now, offsetHours)
  for (const task of tasks) {
    const due = Date.parse(task.due)
    const when = due <= now ? 'overdue' : campaignDay(due, offsetHours) <= today ? 'today' : 'later'
    const done = doneHere(task, outbox)
    const row = { task, when, done } as const
    const took = done?.deed?.what === 'take'
    if (done !== null && !isHanding(done)) day.done.push(row)
    // What she declined here is the giver's as it was.
    else if (task.offered === me && done?.deed?.what === 'decline') day.others.push(row)
    else if (task.offered === me && !took) day.offered.push(row)
    else if (task.holder !== undefined && task.holder !== me && !took) day.others.push(row)
    else day[when].push(row)
  }
  const walk = (row: DayTask) => rank.get(row.task.about.dwelling ?? '') ?? Infinity
  const soonest = (one: DayTask, other: DayTask) => Date.parse(one.task.due) - Date.parse(other.task.due)
  const walking = (one: DayTask, other: DayTask) => (walk(one) === walk(other) ? soonest(one, other) : walk(one) - walk(other))
  day.overdue.sort((one, other) => soonest(one, other) || walking(one, other))
  for (const rows of [day.offered, day.today, day.others, day.done]) rows.sort(walking)
  day.later.sort((one, other) => soonest(one, other) || walking(one, other))
  return day
}

/** The latest of her own deeds about a task that the server has not counted, and did not send back. */
function doneHere(task: KeptTask, outbox: readonly OutboxFact[]): OutboxFact | null {
  // An answer says what holds it, and does nothing about it.
  const about = ({ fate, deed }: OutboxFact) => fate !== 'quarantined' && deed?.case === task.case && deed.turn === task.turn && deed.what !== 'reply'
  const found = outbox.filter(about).at(-1) ?? null
  // An offer or a taking moves no turn: it is done once the server says so itself.
  return found?.fate === 'accepted' && isHanding(found) ? null : found
}

const isHanding = ({ deed }: OutboxFact): boolean => deed?.what === 'offer' || deed?.what === 'take' || deed?.what === 'decline'

/** What was handed to, or came from, one colleague on one day, counted by what became of it. */
export interface CaseReceipt {
  /** By her; else she was asked. */
  given: boolean
  worker: string
  /** The latest of it, milliseconds. */
  at: number
  count: number
  answers: Record<CaseAnswer, number>
  /** Something of it is not at the server yet. */
  here: boolean
}

export type CaseAnswer = 'none' | 'taken' | 'declined' | 'withdrawn' | 'ended'

/** The receipts of cases that this phone offered or answered, the newest first; what came back does not count. */
export function caseReceipts(tasks: readonly KeptTask[], outbox: readonly OutboxFact[], offsetHours: number): CaseReceipt[] {
  const times = new Map<string, number>()
  const receipts = new Map<string, CaseReceipt>()
  for (const fact of outbox) {
    const { deed, fate, madeAt } = fact
    if (deed?.with === undefined || fate === 'quarantined' || !isHanding(fact)) continue
    const day = `${deed.what === 'offer'} ${deed.with} ${campaignDay(madeAt, offsetHours)}`
    const time = (times.get(`${day} ${deed.case}`) ?? 0) + 1
    times.set(`${day} ${deed.case}`, time)
    // Offered and answered a second time is a receipt of its own.
    const of = `${day} ${time}`
    const receipt = receipts.get(of) ?? { given: deed!.what === 'offer', worker: deed!.with!, at: 0, count: 0, answers: { none: 0, taken: 0, declined: 0, withdrawn: 0, ended: 0 }, here: false }
    receipt.at = Math.max(receipt.at, madeAt)
    receipt.count += 1
    receipt.answers[becameOf(fact, tasks, outbox)] += 1
    receipt.here ||= fact.fate !== 'accepted'
    receipts.set(of, receipt)
  }
  return [...receipts.values()].sort((one, other) => other.at - one.at)
}

function becameOf({ deed, fate, sequence }: OutboxFact, tasks: readonly KeptTask[], outbox: readonly OutboxFact[]): CaseAnswer {
  const since = outbox.filter((later) => later.sequence > sequence && later.fate !== 'quarantined' && later.deed?.case === deed!.case)
  const again = since.findIndex((later) => later.deed!.what === 'offer')
  const { what, with: peer, turn } = deed!
  if (what === 'take') return 'taken'
  if (what === 'decline') return 'declined'
  const task = tasks.find((one) => one.case === deed!.case)
  if ((again < 0 ? since : since.slice(0, again)).some((later) => later.deed!.what === 'decline')) return 'withdrawn'
  // She could not offer it anew before it was answered.
  if (again >= 0) return since[again]!.deed!.turn > turn ? 'ended' : 'declined'
  if (fate !== 'accepted') return 'none'
  if (task === undefined || task.turn > turn) return 'ended'
  if (task.declined_by === peer) return 'declined'
  return task.offered === undefined && task.holder === peer ? 'taken' : 'none'
}

/** What she did about a case came back, and she has done nothing about it since. */
export function sentBack(caseId: string, outbox: readonly OutboxFact[]): OutboxFact | null {
  const last = outbox.filter(({ deed }) => deed?.case === caseId).at(-1)
  return last?.fate === 'quarantined' && !last.putAway ? last : null
}

/** From the first to the last record of each day, the newest day first. */
export function worked(outbox: readonly OutboxFact[], offsetHours: number): Worked[] {
  const days = new Map<number, Worked>()
  for (const { madeAt } of outbox) {
    const day = campaignDay(madeAt, offsetHours)
    const known = days.get(day)
    if (known === undefined) days.set(day, { day, from: madeAt, to: madeAt })
    else days.set(day, { day, from: Math.min(known.from, madeAt), to: Math.max(known.to, madeAt) })
  }
  return [...days.values()].sort((one, other) => other.day - one.day)
}

/**
 * From which day the condition of a step holds, as far as the server could tell; null where it holds today, or has no
 * condition. `unknown` where no day is known.
 */
export function notBefore({ guard }: Pick<MyStep, 'guard'>, today: number): number | 'unknown' | null {
  if (guard === undefined) return null
  if (guard.holds_from === undefined) return 'unknown'
  const from = dayFromText(guard.holds_from)
  return from <= today ? null : from
}

/** The day of arrival is day 1. */
export function dayCount(task: Pick<MyTask, 'counted_from'>, today: number): number | null {
  if (!task.counted_from) return null
  const count = today - dayFromText(task.counted_from) + 1
  return count >= 1 ? count : null
}

/** Hours and minutes, whole. */
export function duration(milliseconds: number): { hours: number; minutes: number } {
  return { hours: Math.floor(milliseconds / HOUR), minutes: Math.floor((milliseconds % HOUR) / 60_000) }
}
