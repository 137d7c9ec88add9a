/** What residents said: what stands first, and why it may be declined. */
import type { SaidRow } from '@core/api/types'

/** The server refuses any other. None says who is on a list. */
export const REASONS = {
  person: ['not_here', 'unclear', 'unreached'],
  help: ['no_means', 'elsewhere', 'asked_before', 'unreached', 'unclear'],
  correction: ['stays_as_it_is', 'asked_before', 'unreached', 'unclear'],
  erasure: ['must_be_kept', 'asked_before', 'unreached', 'unclear'],
} as const satisfies Record<SaidRow['what'], readonly string[]>

/**
 * Help that nobody sees to yet before all else; else what waits longest. What stood in the list before keeps its place: a
 * card moves away from under nobody's hand.
 */
export function byNeed(rows: readonly SaidRow[], before: readonly SaidRow[] = []): SaidRow[] {
  const urgent = ({ what, taken_on_at }: SaidRow): number => (what === 'help' && taken_on_at === undefined ? 0 : 1)
  const places = new Map(before.map(({ said }, at) => [said, at]))
  const place = ({ said }: SaidRow): number => places.get(said) ?? Infinity
  const stood = rows.filter(({ said }) => places.has(said)).sort((left, right) => place(left) - place(right))
  const come = rows.filter(({ said }) => !places.has(said)).sort((left, right) => urgent(left) - urgent(right) || left.said_at.localeCompare(right.said_at))
  return [...stood, ...come]
}
