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

/** As the server reads it; `filled` are the columns whose blank cells are taken from the row above. */
export function written(look: RosterColumns, chosen: readonly string[], filled: readonly string[] = []): string {
  const pairs = chosen.flatMap((column, at) => (column === '' ? [] : [`${column}:${at}`]))
  return `${look.sheet}.${look.row};${pairs.join(',')}${filled.length > 0 ? `;fill_down=${filled.join(',')}` : ''}`
}

export type Blank = 'fill' | 'leave' | null

/** What is said of each column with blank cells: what was said before of these headings, else nothing. */
export function saidOfBlanks(look: RosterColumns): Record<string, Blank> {
  const before = look.fill_down ?? []
  return Object.fromEntries((look.blanks ?? []).map(({ column }) => [column, look.kept ? (before.includes(column) ? 'fill' : 'leave') : null]))
}

/** Which columns say where a row is; what is blank there depends on which they are. */
export function places(chosen: readonly string[]): string {
  return ['area_code', 'building', 'unit', 'room'].map((column) => chosen.indexOf(column)).join()
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
