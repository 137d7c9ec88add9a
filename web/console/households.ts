/** One call settles a household: lines of the same kind at the same door are worked on together. */
import type { ReconcileKind, ReconcileRow } from '@core/api/types'

export interface Household<Row extends ReconcileRow> {
  key: string
  kind: ReconcileKind
  /** Whose address and time stand for all: the soonest due. */
  first: Row
  rows: Row[]
  persons: string[]
}

/** In the order of the rows; someone who is on no list stays alone, because each is registered for herself. */
export function households<Row extends ReconcileRow>(rows: readonly Row[]): Household<Row>[] {
  const found = new Map<string, Household<Row>>()
  for (const row of rows) {
    const together = `${row.kind} ${row.dwelling} ${row.seen_at === undefined ? '' : JSON.stringify(row.seen_at)}`
    const key = row.kind === 'lit_unlisted' ? `${together} ${row.person_id ?? ''}` : together
    const known = found.get(key)
    const persons = row.person_id ? [row.person_id] : []
    if (known === undefined) found.set(key, { key, kind: row.kind, first: row, rows: [row], persons })
    else {
      known.rows.push(row)
      known.persons.push(...persons)
    }
  }
  return [...found.values()]
}

/** `latest`, and in the place of each that is as it was before, that one, or all of before: what shows them need not be drawn anew. */
export function unchanged<Row extends ReconcileRow>(before: readonly Household<Row>[], latest: readonly Household<Row>[]): readonly Household<Row>[] {
  const known = new Map(before.map((home) => [home.key, home]))
  const found = latest.map((home) => {
    const was = known.get(home.key)
    return was !== undefined && JSON.stringify(was) === JSON.stringify(home) ? was : home
  })
  return found.length === before.length && found.every((home, at) => home === before[at]) ? before : found
}
