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
