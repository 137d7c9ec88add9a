/** The order in which a worker walks past doors, and their arrangement as a building: floors by doors. */
import type { Door } from '../api/types'

type Place = Pick<Door, 'dwelling' | 'area_code' | 'building' | 'unit' | 'room' | 'floor'>

/**
 * Area, building, unit, then from the top floor down, along each floor by room: the order of the printed door list too.
 * Top down, because the one long climb (or the lift) comes first and the walk ends at the street door.
 */
export function walkingOrder<Row extends Place>(doors: readonly Row[]): Row[] {
  return staircases(doors).flatMap(({ floors }) => floors.flatMap(({ doors: landing }) => landing))
}

export interface Staircase<Row> {
  areaCode: string
  building: string
  unit: string
  /** Highest floor first, as one sees a house from outside; doors on no known floor last. */
  floors: { floor: number | null; doors: Row[] }[]
}

export function staircases<Row extends Place>(doors: readonly Row[]): Staircase<Row>[] {
  const groups = new Map<string, Row[]>()
  for (const door of doors) {
    const key = JSON.stringify([door.area_code, door.building, door.unit])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [door])
    else group.push(door)
  }
  return [...groups.values()]
    .map((group) => {
      const { area_code: areaCode, building, unit } = group[0]!
      return { areaCode, building, unit, floors: byFloor(group) }
    })
    .sort(
      (left, right) =>
        naturalOrder(left.areaCode, right.areaCode) ||
        naturalOrder(left.building, right.building) ||
        naturalOrder(left.unit, right.unit),
    )
}

function byFloor<Row extends Place>(doors: readonly Row[]): Staircase<Row>['floors'] {
  const floors = new Map<number | null, Row[]>()
  for (const door of doors) {
    const floor = door.floor ?? floorOf(door.room)
    floors.set(floor, [...(floors.get(floor) ?? []), door])
  }
  return [...floors]
    .map(([floor, landing]) => ({ floor, doors: landing.sort((left, right) => naturalOrder(left.room, right.room)) }))
    .sort((left, right) => (right.floor ?? -Infinity) - (left.floor ?? -Infinity))
}

/** The floor that a room number tells: 402 is on 4, 1503 on 15, 12 on none that is known. */
export function floorOf(room: string): number | null {
  const digits = /^\d*/.exec(room.trim())![0]
  return digits.length >= 3 ? Number(digits.slice(0, -2)) : null
}

const COUNTED = ['甲乙丙丁戊己庚辛壬癸', '一二三四五六七八九十']
const collator = new Intl.Collator('zh-CN', { numeric: true })

/** As people count: 2 before 10 before 10A, 甲 before 乙, 三 as 3. */
export function naturalOrder(left: string, right: string): number {
  return collator.compare(counted(left), counted(right)) || (left < right ? -1 : Number(left > right))
}

function counted(label: string): string {
  return label.trim().replace(/[甲乙丙丁戊己庚辛壬癸一二三四五六七八九十]/g, (sign) => {
    const rank = Math.max(...COUNTED.map((row) => row.indexOf(sign)))
    return String(rank + 1)
  })
}
