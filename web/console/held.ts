/** Held records as they are looked at: by the phone they came from, and there by the door, a visit with the people seen at it. */
import type { QuarantineRow } from '@core/api/types'

export interface HeldPhone {
  series: string
  name: string
  rows: QuarantineRow[]
}

export function byPhone(rows: readonly QuarantineRow[]): HeldPhone[] {
  const phones = new Map<string, Map<string, QuarantineRow[]>>()
  for (const row of rows) {
    const doors = phones.get(row.series) ?? new Map<string, QuarantineRow[]>()
    const door = row.dwelling ?? `${row.building} ${row.unit} ${row.room}`
    doors.set(door, [...(doors.get(door) ?? []), row])
    phones.set(row.series, doors)
  }
  return [...phones].map(([series, doors]) => {
    const own = [...doors.values()].flatMap((held) => [...held].sort((left, right) => left.sequence - right.sequence))
    return { series, name: own[0]!.worker_name, rows: own }
  })
}

/** Why one may be refused; the server refuses any other, and whoever recorded it reads what each asks of her. */
export const REFUSALS = ['mistaken', 'twice', 'not_hers', 'too_late', 'unclear'] as const
