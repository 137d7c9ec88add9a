/** Which column of a sheet is which, as a clerk says it, and what is remembered of that for the next sheet of its source. */
import type { RosterColumns } from '@core/api/types'

const STORED = 'wanjia.columns'

/** For each place a column or nothing: what was said of this heading before, else what the heading says. Each column once. */
export function chosenColumns(look: RosterColumns, remembered: Record<string, string>): string[] {
  const taken = new Set<string>()
  const take = (column: string): string => {
    if (column === '' || taken.has(column) || !look.columns.some((one) => one.column === column)) return ''
    taken.add(column)
    return column
  }
  const said = look.places.map(({ heading }) => (Object.hasOwn(remembered, heading) ? take(remembered[heading]!) : null))
  return look.places.map(({ column }, at) => said[at] ?? take(column ?? ''))
}

/** The columns that a roster needs and that no place holds; an area that is given once stands for its column. */
export function lacking(look: RosterColumns, chosen: readonly string[], areaGiven: boolean): string[] {
  return look.columns.filter(({ column, required }) => required && !chosen.includes(column) && !(areaGiven && column === 'area_code')).map(({ column }) => column)
}

/** As the server reads it. */
export function written(look: RosterColumns, chosen: readonly string[]): string {
  const pairs = chosen.flatMap((column, at) => (column === '' ? [] : [`${column}:${at}`]))
  return `${look.sheet}.${look.row};${pairs.join(',')}`
}

/** Of headings, never of values: nothing about a person is kept. */
export function recall(source: string): Record<string, string> {
  try {
    const all = JSON.parse(localStorage.getItem(STORED) ?? '{}') as Record<string, Record<string, string>>
    return Object.hasOwn(all, source) ? all[source]! : {}
  } catch {
    return {}
  }
}

export function remember(source: string, byHeading: Record<string, string>): void {
  let all: Record<string, unknown> = {}
  try {
    all = JSON.parse(localStorage.getItem(STORED) ?? '{}') as Record<string, unknown>
  } catch {
    all = {}
  }
  localStorage.setItem(STORED, JSON.stringify({ ...all, [source]: byHeading }))
}
