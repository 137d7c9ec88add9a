/** Which sweep is meant while nobody chose one. */
import type { Sweep } from './api/types'

/**
 * Of the open sweeps, one over the whole of `area` before one over a part of it; of these the one that is due next, and
 * where all are overdue the newest. A small sweep that someone opens elsewhere moves nobody's page.
 */
export function standing(sweeps: readonly Sweep[], area: string, now: number): Sweep | null {
  const open = sweeps.filter(({ closed_at }) => !closed_at)
  const whole = open.filter(({ area_code }) => area.startsWith(area_code))
  const choice = whole.length > 0 ? whole : open
  const due = choice.filter(({ deadline }) => Date.parse(deadline) >= now)
  if (due.length > 0) return due.reduce((first, one) => (Date.parse(one.deadline) < Date.parse(first.deadline) ? one : first))
  return choice.reduce<Sweep | null>((newest, one) => (newest === null || one.opened_at > newest.opened_at ? one : newest), null)
}
