/** Who looked: others one by one, and what was opened with the slip as one line, which would bury them. */
import type { Reading } from './slip'

export interface Looked {
  others: Reading[]
  /** With the slip; null where nobody used it to look. */
  own: { times: number; last: string } | null
}

/** A page opened once reads several things in the same minute: that is one time. */
export function whoLooked(readings: readonly Reading[]): Looked {
  const [own, others] = [readings.filter(({ role }) => role === 'resident'), readings.filter(({ role }) => role !== 'resident')]
  if (own.length === 0) return { others, own: null }
  const minutes = new Set(own.map(({ at }) => Math.floor(Date.parse(at) / 60_000)))
  return { others, own: { times: minutes.size, last: own.map(({ at }) => at).reduce((one, other) => (Date.parse(one) > Date.parse(other) ? one : other)) } }
}
