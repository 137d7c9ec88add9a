import type { Found, ReconcileRow } from '@core/api/types'
import { numbered } from '@core/doors/name'
import type { Outcome } from '@core/ledger/facts'
import { HOUR, written } from './clock'
import { names } from './names'
import { translate as t } from './texts'

export interface Address {
  building: string
  unit: string
  room: string
}

/** A list may leave its building out: then that is said, as a page must not lead to nothing. */
export function buildingName(building: string): string {
  return building.trim() === '' ? t('building.noName') : numbered(building, (n) => t('building.building', { n }))
}

export function unitName(unit: string): string {
  return numbered(unit, (n) => t('building.unit', { n }))
}

export function doorTitle({ building, unit, room }: Address): string {
  return [building === '' ? '' : buildingName(building), unitName(unit), room].filter((part) => part !== '').join(' ')
}

/** Those whose names were opened, and of how many; nothing while none was. */
export function called(persons: readonly string[]): string {
  const known = persons.flatMap((person) => names.get(person) ?? [])
  const all = known.join(t('list.between'))
  return known.length === 0 || known.length === persons.length ? all : t('reconcile.andOthers', { names: all, n: persons.length })
}

/** The door that something is about, or else the area. */
export function aboutTitle(about: Address & { dwelling?: string; area_name: string }): string {
  return about.dwelling === undefined ? about.area_name : doorTitle(about)
}

/** How long it is, of whole minutes, hours or days: what is left is never said to be more than it is. */
export function duration(milliseconds: number): string {
  const minutes = Math.floor(Math.abs(milliseconds) / 60_000)
  if (minutes < 60) return t('reconcile.minutes', { n: minutes })
  if (minutes < 48 * 60) return t('reconcile.hours', { n: Math.floor(minutes / 60) })
  return t('reconcile.days', { n: Math.floor(minutes / 1440) })
}

/** A rounded share that says 100 only when all are done and 0 only when none is; null where there is nothing to have a share of. */
export function percent(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((100 * part) / whole)
  if (rounded === 100 && part < whole) return 99
  return rounded === 0 && part > 0 ? 1 : rounded
}

/** The same to be read: of nothing there is no share, and never all of it. */
export function share(part: number, whole: number): string {
  const found = percent(part, whole)
  return found === null ? '—' : `${found}%`
}

/** How many phones of an area reported since a sweep opened. */
export function phonesReported(reported: number, total: number): string {
  const found = percent(reported, total)
  return found === null ? t('top.noPhones') : t('top.reported', { percent: found, reported, total })
}

/** Sentences after another: only Chinese needs no space between them. */
export function sentences(parts: readonly string[], locale: string): string {
  return parts.filter((part) => part !== '').join(locale.startsWith('zh') ? '' : ' ')
}

const SHORT = { month: 'numeric', day: 'numeric', ...HOUR } as const
/** Chinese writes the day of the week and the hour without one. */
const NO_SPACE = /(\p{Script=Han})(\d)/u
const WEEKDAY = { weekday: 'short', ...HOUR } as const

/** Month, day, hour and minute of the deployment, as the reader's language writes them. */
export function shortTime(at: string, locale: string): string {
  return written(at, locale, SHORT)
}

/** With the day of the week: what happened within a few days. */
export function weekdayTime(at: string, locale: string): string {
  return written(at, locale, WEEKDAY).replace(NO_SPACE, '$1 $2')
}

interface AfterAll {
  outcome?: Outcome | null
  at?: string | null
  found_before?: Found | null
  listed: number
}

/** Of a door whose latest visit reached nobody though people were reached before it: why it is open again, or why it is not. */
export function whyAgain({ outcome, at, found_before: found, listed }: AfterAll, locale: string): string | null {
  if (!found || !at) return null
  const said = { when: weekdayTime(at, locale), what: t(`outcome.${outcome!}`), before: weekdayTime(found.at, locale), n: found.reached, of: listed, left: listed - found.reached }
  if (outcome === 'refused') return t('again.refused', said)
  if (found.reached < listed) return t('again.open', said)
  if (found.outcome === 'phone') return t('again.standsPhone', said)
  return t(listed === 0 ? 'again.standsMet' : 'again.stands', said)
}

/** That a household was rung in vain: how often, when last, and what came of it. */
export function callsText({ count: n, last_at: at, last }: NonNullable<ReconcileRow['calls']>, locale: string): string {
  return t('reconcile.tried', { n, when: weekdayTime(at, locale), what: t(`reconcile.called.${last}`) })
}

/** Columns whose code does not say in words what stands in them. */
const FIELDS: Record<string, string> = { birth_date: 'date of birth', id_number: 'ID number', id_last_four: 'last four of the ID number', phone: 'telephone', area_code: 'area code' }

/** A sheet's column in English words, and no code. */
export function fieldInEnglish(column: string): string {
  return FIELDS[column] ?? column.replaceAll('_', ' ')
}

/** What a list calls someone in a household, as far as the words are the usual ones. */
const RELATIONS: Record<string, string> = { 户主: 'head', 配偶: 'spouse', 妻: 'spouse', 夫: 'spouse', 子: 'child', 女: 'child', 儿子: 'child', 女儿: 'child', 子女: 'child', 父亲: 'parent', 母亲: 'parent', 父母: 'parent', 租户: 'tenant', 租客: 'tenant' }

/** In the reader's language; words that are not known, and Chinese for who reads it, as they stand in the list. */
export function relationName(relation: string | null | undefined, locale: string): string {
  const known = RELATIONS[relation ?? '']
  return known === undefined || locale.startsWith('zh') ? (relation ?? '') : t(`relation.${known}`)
}
