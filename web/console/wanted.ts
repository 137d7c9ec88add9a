/** What a programme wants of a figure, and which of those behind it stand first. */

export interface Wants {
  at_least?: number
  at_most?: number
}

export const SIDES = ['missed', 'unknown', 'met'] as const
export type Side = (typeof SIDES)[number]

const fewAreWanted = (row: Wants | null): boolean => row?.at_most !== undefined

/** Where few are wanted, who is counted is who is asked for first. */
export function firstSide(row: Wants | null): Side {
  return fewAreWanted(row) ? 'met' : 'missed'
}

/** The name of a side, among the page's texts: where few are wanted, nobody "meets" it by being counted. */
export function sideText(row: Wants | null, side: Side): string {
  return `indicators.${fewAreWanted(row) ? 'counted' : 'side'}.${side}`
}

/** The text that stands beside a figure: it names the target, as a bare word would read as part of the share. */
export function wantedText(row: Wants, standing: 'met' | 'missed'): string {
  if (standing === 'met') return 'indicators.met'
  return row.at_least === undefined ? 'indicators.above' : 'indicators.below'
}

/** Whether a figure is as the programme wants it; nothing where it wants nothing, or nothing is known. */
export function wanted({ value, applies }: { value?: number; applies: boolean }, { at_least: least, at_most: most }: Wants): 'met' | 'missed' | null {
  if (value === undefined || !applies) return null
  if (least !== undefined) return value >= least ? 'met' : 'missed'
  if (most !== undefined) return value <= most ? 'met' : 'missed'
  return null
}
