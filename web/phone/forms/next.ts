/** What happens next once a rule has spoken, in one sentence that needs no network. */
import type { SpokenRule } from '../db'
import { named } from '../tasks'
import { translate } from '../texts'

const UNITS = { minutes: 'day.minutes', hours: 'day.hoursLong', days: 'day.days', working_days: 'form.workingDays' } as const

export function nextSaid({ says, tells, opens }: SpokenRule): string {
  if (opens === undefined) return translate('form.nextTold', { says: named(says), role: named(tells) })
  const parts = { says: named(says), owner: named(opens.owner) }
  if (opens.within === undefined) return translate('form.nextCase', parts)
  const { amount, unit } = opens.within
  return translate('form.nextDue', { ...parts, within: translate(UNITS[unit], { n: amount }) })
}
