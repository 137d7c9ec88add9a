/** What is this worker's of the published plans, as the last exchange with the server left it. */
import { computed, effectScope } from 'vue'
import { dayFromText } from '@core/doors/day'
import type { MyPlan, PlanLine } from '@core/api/types'
import { setting } from './db'
import { today } from './doors'
import { useLive } from './live'

export interface PlanDay {
  /** Days since 1970-01-01; null for what has no day. */
  day: number | null
  lines: PlanLine[]
}

const scope = effectScope(true)
const kept = scope.run(() => useLive(async () => (await setting('plans')) ?? [], [] as MyPlan[]))!

export const isOver = (plan: MyPlan): boolean => Boolean(plan.replaced_at ?? plan.withdrawn_at)

export const standing = computed(() => kept.value.filter((plan) => !isOver(plan)))

/** Plans that are over, the newest of each kind: what a worker may still have in mind. */
export const over = computed(() => {
  const seen = new Set<string>()
  return kept.value.filter((plan) => isOver(plan) && !seen.has(plan.kind) && seen.add(plan.kind))
})

/** Whether the plan that took the place of an old one has something of this worker's. */
export function followed(old: MyPlan): boolean {
  return standing.value.some((plan) => plan.kind === old.kind)
}

/** The lines by day, in order; days that are over go to the end of the list as they are rarely looked for. */
export function byDay(lines: readonly PlanLine[], now: number): PlanDay[] {
  const days = new Map<number | null, PlanLine[]>()
  for (const line of lines) {
    const day = line.day ? dayFromText(line.day) : null
    days.set(day, [...(days.get(day) ?? []), line])
  }
  const rank = (day: number | null) => (day === null ? -1 : day < now ? 1e9 - day : day)
  return [...days]
    .map(([day, found]) => ({ day, lines: found }))
    .sort((left, right) => rank(left.day) - rank(right.day))
}

/** How many of her shifts are today, for the badge. */
export const todays = computed(
  () => standing.value.flatMap(({ lines }) => lines).filter(({ day }) => day && dayFromText(day) === today.value).length,
)

/** "08:00", and past midnight again from 00:00. */
export function clock(minutes: number): string {
  const of = ((minutes % 1440) + 1440) % 1440
  return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`
}

/** "08:00–16:00", "22:00–06:00 (+1)"; only the beginning where nothing is said of the end. */
export function hours(line: PlanLine, nextDay: string): string {
  if (line.starts === null || line.starts === undefined) return ''
  if (!line.minutes) return clock(line.starts)
  const ends = line.starts + line.minutes
  return `${clock(line.starts)}–${ends > 1440 ? nextDay : ''}${ends === 1440 ? '24:00' : clock(ends)}`
}
