/** What a map shows of a building: which band its figure falls into, where its label stands, how the shapes lie. */
import type { BuildingRow, MapShape } from '@core/api/types'
import { percent } from './naming'

export const TINTS = ['coverage', 'age'] as const
export type Tint = (typeof TINTS)[number]

/** From what needs a look first to what is done; the hatching says the same as the colour. */
export const BANDS = { coverage: ['none', 'some', 'most', 'done'], age: ['never', 'old', 'days', 'today'] } as const
export type Band = (typeof BANDS)[Tint][number]

const DAY = 86_400_000
/** A visit older than this is old. */
const OLD_DAYS = 3

export function daysSince(instant: string | undefined, now: number): number | null {
  return instant === undefined ? null : Math.max(0, Math.floor((now - Date.parse(instant)) / DAY))
}

export function bandOf(row: BuildingRow, tint: Tint, now: number): Band {
  if (tint === 'coverage') {
    const share = percent(row.accounted, row.dwellings) ?? 0
    if (share === 100) return 'done'
    if (share >= 50) return 'most'
    return share > 0 ? 'some' : 'none'
  }
  const days = daysSince(row.visited_at, now)
  if (days === null) return 'never'
  if (days === 0) return 'today'
  return days <= OLD_DAYS ? 'days' : 'old'
}

export type Point = [number, number]

function outer({ geometry }: MapShape): Point[][] {
  return geometry.coordinates.map((polygon) => polygon[0] ?? [])
}

/** West, south, east, north; none where nothing is drawn. */
export function bounds(shapes: readonly MapShape[]): [number, number, number, number] | null {
  const points = shapes.flatMap(outer).flat()
  if (points.length === 0) return null
  const found: [number, number, number, number] = [180, 90, -180, -90]
  for (const [east, north] of points) {
    found[0] = Math.min(found[0], east)
    found[1] = Math.min(found[1], north)
    found[2] = Math.max(found[2], east)
    found[3] = Math.max(found[3], north)
  }
  return found
}

/** The middle of a building's largest outline, by area: where its label stands. */
export function middle(shape: MapShape): Point | null {
  let best: { size: number; at: Point } | null = null
  for (const ring of outer(shape)) {
    const [first] = ring
    if (first === undefined) continue
    let [twice, east, north] = [0, 0, 0]
    for (let at = 1; at < ring.length; at += 1) {
      // From the first corner, so that small houses keep their digits.
      const [x, y] = [ring[at - 1]![0] - first[0], ring[at - 1]![1] - first[1]]
      const [u, v] = [ring[at]![0] - first[0], ring[at]![1] - first[1]]
      const cross = x * v - u * y
      twice += cross
      east += (x + u) * cross
      north += (y + v) * cross
    }
    const at: Point = twice === 0 ? first : [first[0] + east / (3 * twice), first[1] + north / (3 * twice)]
    if (best === null || Math.abs(twice) > best.size) best = { size: Math.abs(twice), at }
  }
  return best?.at ?? null
}

export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** Which of the labels can be shown without one lying over another: earlier ones go first. */
export function apart(boxes: readonly Box[]): boolean[] {
  const shown: Box[] = []
  return boxes.map((box) => {
    const free = shown.every((other) => box.right <= other.left || other.right <= box.left || box.bottom <= other.top || other.bottom <= box.top)
    if (free) shown.push(box)
    return free
  })
}
