/** The evidence of a proposed pair as a waterfall: where each bar begins and ends on one common scale. */
import type { LinkEvidence } from '@core/api/types'

export interface Bar {
  key: string
  /** In percent of the scale's width. */
  start: number
  width: number
  /** For one person, against it, or neither. */
  says: 'for' | 'against' | 'nothing'
  /** As written: with its sign, to a tenth of a bit. */
  text: string
}

/** Less than this is written as nothing. */
const NOTHING = 0.05

function bits(value: number): string {
  if (Math.abs(value) < NOTHING) return '0'
  return `${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(1)}`
}

/** The prior, each field, and the total, in this order. The scale holds zero and every end of a bar. */
export function waterfall(evidence: LinkEvidence): Bar[] {
  const steps = [
    { key: 'prior', from: 0, to: evidence.prior },
    ...evidence.evidence.map(({ field, weight, total }) => ({ key: field, from: total - weight, to: total })),
    { key: 'total', from: 0, to: evidence.total },
  ]
  const ends = steps.flatMap(({ from, to }) => [from, to])
  const low = Math.min(0, ...ends)
  const span = Math.max(Math.max(0, ...ends) - low, 1)
  return steps.map(({ key, from, to }) => ({
    key,
    start: ((Math.min(from, to) - low) / span) * 100,
    width: (Math.abs(to - from) / span) * 100,
    says: Math.abs(to - from) < NOTHING ? 'nothing' : to > from ? 'for' : 'against',
    text: bits(to - from),
  }))
}

/** A probability as people say it: never all, never nothing. */
export function percent(perMille: number): string {
  return `${Math.min(99, Math.max(1, Math.round(perMille / 10)))}%`
}
