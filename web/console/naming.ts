import { numbered } from '@core/doors/name'
import { translate as t } from './texts'

interface Address {
  building: string
  unit: string
  room: string
}

export function buildingName(building: string): string {
  return numbered(building, (n) => t('building.building', { n }))
}

export function unitName(unit: string): string {
  return numbered(unit, (n) => t('building.unit', { n }))
}

export function doorTitle({ building, unit, room }: Address): string {
  return [building === '' ? '' : buildingName(building), unitName(unit), room].filter((part) => part !== '').join(' ')
}

/** The door that something is about, or else the area. */
export function aboutTitle(about: Address & { dwelling?: string; area_name: string }): string {
  return about.dwelling === undefined ? about.area_name : doorTitle(about)
}

export function duration(milliseconds: number): string {
  const minutes = Math.round(Math.abs(milliseconds) / 60_000)
  if (minutes < 60) return t('reconcile.minutes', { n: minutes })
  if (minutes < 48 * 60) return t('reconcile.hours', { n: Math.round(minutes / 60) })
  return t('reconcile.days', { n: Math.round(minutes / 1440) })
}

/** A rounded share that says 100 only when all are done and 0 only when none is. */
export function percent(part: number, whole: number): number {
  if (whole === 0) return 100
  const rounded = Math.round((100 * part) / whole)
  if (rounded === 100 && part < whole) return 99
  return rounded === 0 && part > 0 ? 1 : rounded
}

/** Month, day, hour and minute, as the reader's language writes them. */
export function shortTime(at: string, locale: string): string {
  return new Date(at).toLocaleString(locale, { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}
