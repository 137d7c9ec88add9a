/** By which figure of an area a page leads on whose lists are given for one community at a time. */
import type { CoverageRow } from '@core/api/types'

/** Of the doors and people of a sweep; `unsettled` are those on either side of the reconcile together. */
export type Count = 'residual' | 'lit_unlisted' | 'listed_dark' | 'persons_away' | 'unsettled' | 'dwellings'

/** The figure of the reconcile that was followed here, or what it has to settle. */
export function counted(kind: unknown): Count {
  if (kind === 'away') return 'persons_away'
  return kind === 'lit_unlisted' || kind === 'listed_dark' ? kind : 'unsettled'
}

export function figure(row: CoverageRow, count: Count): number {
  return count === 'unsettled' ? row.lit_unlisted + row.listed_dark : row[count]
}

/** The areas where most is left to do come first. */
export function byUrgency(rows: readonly CoverageRow[], count: Count): CoverageRow[] {
  return [...rows].sort((left, right) => figure(right, count) - figure(left, count))
}
