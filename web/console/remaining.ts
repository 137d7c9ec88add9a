/** Every dwelling of an area that is not accounted for. Lists are asked for by community, so larger areas are walked down by their figures. */
import type { Coverage, Page, ResidualRow } from '@core/api/types'
import { call } from './call'

/** Nobody signs for more than these one by one; such a sweep is not ready to be closed. */
export const SIGNABLE = 300

/** Levels whose doors are listed whole. */
export const LISTED_WHOLE = ['community', 'compound', 'grid']
const PAGE = 1000

export interface Remaining {
  areaName: string
  rows: ResidualRow[]
}

/** Returns null when there are more than `SIGNABLE`. */
export async function remaining(sweep: string, area: string): Promise<Remaining[] | null> {
  const { body } = await call<Coverage>(`/v1/sweeps/${sweep}/coverage`, { query: { area } })
  if (body.area.residual > SIGNABLE) return null
  return walk(sweep, body)
}

async function walk(sweep: string, { area, children }: Coverage): Promise<Remaining[]> {
  if (area.residual === 0) return []
  if (LISTED_WHOLE.includes(area.level) || children.length === 0) {
    return [{ areaName: area.name, rows: await listed(sweep, area.code) }]
  }
  const found: Remaining[] = []
  for (const child of children.filter(({ residual }) => residual > 0)) {
    const { body } = await call<Coverage>(`/v1/sweeps/${sweep}/coverage`, { query: { area: child.code } })
    found.push(...(await walk(sweep, body)))
  }
  return found
}

async function listed(sweep: string, area: string): Promise<ResidualRow[]> {
  const rows: ResidualRow[] = []
  let cursor: string | null | undefined
  do {
    const query = { area, cursor, limit: PAGE }
    const { body } = await call<Page<ResidualRow>>(`/v1/sweeps/${sweep}/residual`, { query })
    rows.push(...body.rows)
    cursor = body.next
  } while (cursor)
  return rows
}
