/** What residents said: what stands first, and why it may be declined. */
import type { SaidRow } from '@core/api/types'

/** The server refuses any other. None says who is on a list. */
export const REASONS = {
  person: ['not_here', 'unclear', 'unreached'],
  help: ['no_means', 'elsewhere', 'asked_before', 'unreached', 'unclear'],
  correction: ['stays_as_it_is', 'asked_before', 'unreached', 'unclear'],
  erasure: ['must_be_kept', 'asked_before', 'unreached', 'unclear'],
} as const satisfies Record<SaidRow['what'], readonly string[]>

/** Help that nobody sees to yet before all else; else what waits longest. */
export function byNeed(rows: readonly SaidRow[]): SaidRow[] {
  const urgent = ({ what, taken_on_at }: SaidRow): number => (what === 'help' && taken_on_at === undefined ? 0 : 1)
  return [...rows].sort((left, right) => urgent(left) - urgent(right) || left.said_at.localeCompare(right.said_at))
}
