/** The order in which a worker walks past doors, and their arrangement as a building: floors by doors. */
import type { Door } from '../api/types'

type Place = Pick<Door, 'dwelling' | 'building' | 'unit' | 'room' | 'floor'>

/** From this many floors a building has a lift: ride to the top and walk down. Below, walk up. (GB 50096: lift from the seventh floor.) */
const LIFT_FLOORS = 7

const natural = new Intl.Collator('zh-CN', { numeric: true })

/** Building by building, unit by unit; within a unit floor by floor, every second floor from the far end back. */
export function walkingOrder<Row extends Place>(doors: readonly Row[]): Row[] {
  return staircases(doors).flatMap(({ floors }) => {
    const top = Math.max(...floors.map(({ floor }) => floor ?? 0))
    const walk = top >= LIFT_FLOORS ? floors : [...floors].reverse()
    return walk.flatMap(({ doors: landing }, index) => (index % 2 === 0 ? landing : [...landing].reverse()))
  })
}

export interface Staircase<Row> {
  building: string
  unit: string
  /** Highest floor first, as one sees a house from outside; doors without a floor last. */
  floors: { floor: number | null; doors: Row[] }[]
}

export function staircases<Row extends Place>(doors: readonly Row[]): Staircase<Row>[] {
  const groups = new Map<string, Row[]>()
  for (const door of doors) {
    const key = JSON.stringify([door.building, door.unit])
    groups.set(key, [...(groups.get(key) ?? []), door])
  }
  return [...groups.values()]
    .map((group) => ({ building: group[0]!.building, unit: group[0]!.unit, floors: byFloor(group) }))
    .sort((left, right) => natural.compare(left.building, right.building) || natural.compare(left.unit, right.unit))
}

function byFloor<Row extends Place>(doors: readonly Row[]): Staircase<Row>['floors'] {
  const floors = new Map<number | null, Row[]>()
  for (const door of doors) {
    const floor = door.floor ?? floorOf(door.room)
    floors.set(floor, [...(floors.get(floor) ?? []), door])
  }
  return [...floors]
    .map(([floor, landing]) => ({ floor, doors: landing.sort((left, right) => natural.compare(left.room, right.room)) }))
    .sort((left, right) => (right.floor ?? -Infinity) - (left.floor ?? -Infinity))
}

/** The floor that a room number of three or four digits names: 301 is on 3, 1702 on 17. Null when it names none. */
export function floorOf(room: string): number | null {
  const digits = /^(\d{1,2})\d{2}$/.exec(room.trim())
  return digits === null ? null : Number(digits[1])
}
