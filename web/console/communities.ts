/** Every community in one list, in the order of what is asked about. */
import type { CommunityRow, Reach } from '@core/api/types'

export type Column = 'name' | 'share' | 'residual' | 'persons' | 'late' | 'unanswered' | 'held' | 'silent' | 'pushed_at'

const NEVER = 0

const MEASURE: Record<Column, (row: CommunityRow) => number | string> = {
  name: (row) => `${row.above} ${row.name}`,
  share: ({ swept }) => (swept === undefined || swept.dwellings === 0 ? 1 : swept.accounted / swept.dwellings),
  residual: (row) => row.residual,
  persons: ({ swept }) => swept?.listed_dark ?? 0,
  late: (row) => row.late,
  unanswered: (row) => row.unanswered,
  held: (row) => row.held,
  silent: (row) => row.silent,
  pushed_at: ({ pushed_at: at }) => (at === undefined ? NEVER : Date.parse(at)),
}

/** Of which the low numbers are the bad ones: the lowest share, and whoever was heard longest ago. */
const LOWEST_FIRST: readonly Column[] = ['name', 'share', 'pushed_at']

export interface Order {
  by: Column
  down: boolean
}

/** The worst comes first; the same column once more is the other way round. */
export function orderBy(by: Column, now: Order): Order {
  return { by, down: now.by === by ? !now.down : !LOWEST_FIRST.includes(by) }
}

export function ordered(rows: readonly CommunityRow[], { by, down }: Order): CommunityRow[] {
  const measure = MEASURE[by]
  const sorted = [...rows].sort((one, other) => {
    const [a, b] = [measure(one), measure(other)]
    const found = typeof a === 'string' ? a.localeCompare(String(b), 'zh-CN', { numeric: true }) : a - Number(b)
    return down ? -found : found
  })
  return sorted
}

/** Those that were meant: by a part of the name or of the code, by how a name sounds once it is known how, or by the area above. */
export function meant(rows: readonly CommunityRow[], typed: string, sounds: (name: string, typed: string) => boolean): CommunityRow[] {
  const wanted = typed.normalize('NFKC').trim().toLowerCase()
  if (wanted === '') return [...rows]
  return rows.filter(({ code, name, above }) => code.includes(wanted) || [name, above].some((one) => one.toLowerCase().includes(wanted) || sounds(one, wanted)))
}

/** Whom to ask about something that is in an area: of the community that holds it; none where the answer names nobody. */
export function reachAt(rows: readonly Pick<CommunityRow, 'code' | 'reach'>[], area: string): Reach | null {
  return rows.find(({ code }) => area.startsWith(code))?.reach ?? null
}
