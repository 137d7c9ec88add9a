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

/** West, south, east, north. */
export type Bounds = [number, number, number, number]

/** Of all of them; none where nothing is drawn. */
export function bounds(shapes: readonly MapShape[]): Bounds | null {
  const points = shapes.flatMap(outer).flat()
  if (points.length === 0) return null
  const found: Bounds = [180, 90, -180, -90]
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

/** A label that looks for its place, in pixels. */
export interface Wish {
  /** Where its middle would be. */
  at: { x: number; y: number }
  /** What is seen of its building. */
  outline: Box
  /** How large it is with all that it can say, and with ever less. */
  forms: readonly { width: number; height: number }[]
}

/** The form a label takes, and how far from its place. */
export interface Place {
  form: number
  x: number
  y: number
}

/** So much of an outline is left to be seen around its label, and so much lies between a label and what it stands beside. */
const AROUND = 3

function meet(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

/**
 * Where labels stand without one lying over another, or over an outline: within its own with as much as has room there, else
 * with the least below or above it; null where there is no room. Earlier ones go first.
 */
export function places(wishes: readonly Wish[], outlines: readonly Box[]): (Place | null)[] {
  const taken: Box[] = []
  return wishes.map(({ at, outline, forms }) => {
    const box = (form: number, x: number, y: number): Box => {
      const { width, height } = forms[form]!
      return { left: at.x + x - width / 2, right: at.x + x + width / 2, top: at.y + y - height / 2, bottom: at.y + y + height / 2 }
    }
    const within = ({ left, right, top, bottom }: Box): boolean => left >= outline.left + AROUND && right <= outline.right - AROUND && top >= outline.top + AROUND && bottom <= outline.bottom - AROUND
    const least = forms.length - 1
    const away = (forms[least]?.height ?? 0) / 2 + AROUND
    const aside = (outline.left + outline.right) / 2 - at.x
    const found =
      forms.map((_, form) => ({ form, x: 0, y: 0 })).find(({ form, x, y }) => within(box(form, x, y)) && !taken.some((other) => meet(box(form, x, y), other))) ??
      [outline.bottom - at.y + away, outline.top - at.y - away]
        .map((y) => ({ form: least, x: aside, y }))
        .find(({ form, x, y }) => ![...taken, ...outlines].some((other) => meet(box(form, x, y), other))) ??
      null
    if (found !== null) taken.push(box(found.form, found.x, found.y))
    return found
  })
}
