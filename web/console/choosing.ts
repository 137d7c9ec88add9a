/** Which figure of an area leads on from a page whose lists are given for one community at a time. */
import type { CoverageRow } from '@core/api/types'

type Count = 'residual' | 'lit_unlisted' | 'listed_dark'

/** The figure that was followed here, or the dwellings not reached. */
export function counted(kind: unknown): Count {
  return kind === 'lit_unlisted' || kind === 'listed_dark' ? kind : 'residual'
}

/** The areas where most is left to do come first. */
export function byUrgency(rows: readonly CoverageRow[], count: Count): CoverageRow[] {
  return [...rows].sort((left, right) => right[count] - left[count])
}
