/** A worker's day: in which order what is due is done, what she did about it since, and her hours. */
import { campaignDay, dayFromText } from '@core/doors/day'
import type { MyTask } from '@core/api/types'
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
    if (done !== null && done.deed?.what !== 'take' && done.deed?.what !== 'offer') day.done.push(row)
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
  const about = ({ fate, deed }: OutboxFact) => fate !== 'quarantined' && deed?.case === task.case && deed.turn === task.turn
  const found = outbox.filter(about).at(-1) ?? null
  // An offer or a taking moves no turn: it is done once the server says so itself.
  if (found?.fate !== 'accepted' || found.deed?.what !== 'offer' && found.deed?.what !== 'take') return found
  return null
}

/** What she did about a case came back, and she has done nothing about it since. */
export function sentBack(caseId: string, outbox: readonly OutboxFact[]): OutboxFact | null {
  const last = outbox.filter(({ deed }) => deed?.case === caseId).at(-1)
  return last?.fate === 'quarantined' ? last : null
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
