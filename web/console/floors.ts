/** The public floor map with what it may say: floors with a number, and in one line each where there is none to tell. */
import type { Floors } from '@core/api/types'

type Building = Floors['buildings'][number]

export interface Legible {
  /** With the floors that have a number, and how many of it have none. */
  buildings: (Building & { rest: number })[]
  /** Of which no floor has a number. */
  silent: string[]
}

/** Of a sheet that tells every number, everything stays where it is. */
export function legible({ least, buildings }: Pick<Floors, 'least' | 'buildings'>): Legible {
  if (least === 0) return { buildings: buildings.map((building) => ({ ...building, rest: 0 })), silent: [] }
  const parted = buildings.map((building) => {
    const floors = building.floors.filter(({ cells }) => cells.some(({ open }) => (open ?? 0) > 0))
    return { ...building, floors, rest: building.floors.length - floors.length }
  })
  return { buildings: parted.filter(({ floors }) => floors.length > 0), silent: parted.filter(({ floors }) => floors.length === 0).map(({ building }) => building) }
}
