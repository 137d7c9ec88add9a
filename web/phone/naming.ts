/** How doors and times are said in a sentence. */
import { numbered } from '@core/doors/name'
import type { Light } from '@core/ledger/facts'
import { offsetHours } from './session'
import { i18n, translate as t } from './texts'
import type { PhoneDoor } from './db'

type Place = Pick<PhoneDoor, 'building' | 'unit' | 'room'>

/** "3" becomes 3栋; a name that already says what it is stays as it is. */
export function buildingName(building: string): string {
  if (building === '') return t('doors.noBuilding')
  return numbered(building, (n) => t('doors.building', { n }))
}

export function unitName(unit: string): string {
  return numbered(unit, (n) => t('doors.unit', { n }))
}

export function staircaseName({ building, unit }: Pick<Place, 'building' | 'unit'>): string {
  return [buildingName(building), unitName(unit)].filter((part) => part !== '').join(' ')
}

export function doorTitle(door: Place): string {
  return [door.building === '' ? '' : buildingName(door.building), unitName(door.unit), door.room]
    .filter((part) => part !== '')
    .join(' ')
}

export function isHome({ place }: Pick<PhoneDoor, 'place'>): boolean {
  return !place || place === 'home'
}

/** What is behind the door, where it is no home. */
export function placeName(door: Pick<PhoneDoor, 'place'>): string | null {
  return isHome(door) ? null : t(`place.${door.place}`)
}

/** What was found at a door, and whether a light was on where someone saw it. */
export function withLight(what: string, light: Light = 'unknown'): string {
  return light === 'unknown' ? what : t(`sheet.with.${light}`, { what })
}

export function ago(then: number, now: number): string {
  const minutes = Math.floor(Math.max(0, now - then) / 60_000)
  if (minutes < 1) return t('sync.ago.now')
  if (minutes < 60) return t('sync.ago.minutes', { n: minutes })
  if (minutes < 48 * 60) return t('sync.ago.hours', { n: Math.floor(minutes / 60) })
  return t('sync.ago.days', { n: Math.floor(minutes / 1440) })
}

/** The day of the week, hour and minute of the campaign. */
export function weekdayTime(at: number): string {
  const zone = `Etc/GMT${offsetHours.value < 0 ? '+' : '-'}${Math.abs(offsetHours.value)}`
  return new Date(at).toLocaleString(i18n.global.locale.value, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).replace(/(\p{Script=Han})(\d)/u, '$1 $2')
}

/** Who lives there, as far as a line of a list has room. */
export function householdName(door: PhoneDoor): string {
  const [first] = door.members ?? []
  if (door.listed === 0) return placeName(door) ?? t('doors.unlisted')
  if (first === undefined) return t('doors.people', { n: door.listed })
  return door.listed === 1 ? first.name : t('doors.first', { name: first.name, n: door.listed })
}
