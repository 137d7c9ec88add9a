/**
 * Finding a door or a person among those on this phone: by room as people write or say it, by name, by how a name sounds
 * (dictation hears 王冬军 for 王东军), and by the letters its syllables begin with. Loaded when someone first looks: the
 * table of readings is heavier than a screen.
 */
import { doorKey } from '@core/doors/key'
import { findInName, type Part } from '@core/entry/sounds'
import type { Door } from '@core/api/types'

export interface Found<Row> {
  row: Row
  /** Whose name was meant; null where the door itself was. */
  name: string | null
  part: Part
}

type Findable = { door: Pick<Door, 'building' | 'unit' | 'room' | 'members'> }

/** Nearest first; what is equally near stays in the order of `rows`. Newcomers behind a door were recorded by this phone and are on no list yet. */
export function find<Row extends Findable>(rows: readonly Row[], typed: string, newcomers: (row: Row) => readonly { name: string }[] = () => []): Found<Row>[] {
  const found = rows.flatMap((row) => {
    const door = doorRank(row.door, typed)
    const people = [...(row.door.members ?? []), ...newcomers(row)].flatMap(({ name }) => {
      const hit = findInName(name, typed)
      return hit === null ? [] : [{ row, name, part: hit.part, rank: hit.rank }]
    })
    return door === null ? people : [{ row, name: null, part: { start: 0, end: 0 }, rank: door }, ...people]
  })
  return found.sort((left, right) => left.rank - right.rank)
}

/** 0: this very door; 1: doors whose number begins so; 2: every door of that house. */
function doorRank(door: Findable['door'], typed: string): number | null {
  const [building, unit, room] = doorKey(figures(door.building), figures(door.unit), figures(door.room)).split('\u001f') as [string, string, string]
  const parts = figures(typed.normalize('NFKC'))
    .toUpperCase()
    .split(/号楼|单元|[栋幢楼座门号室房户]|[^\p{L}\p{N}]+/u)
    .map((part) => part.replace(/^0+(?=\d)/, ''))
    .filter((part) => part !== '')
  const last = parts.at(-1)
  if (last === undefined) return null
  const before = parts.slice(0, -1)
  const stands =
    before.length === 0 ||
    (before.length === 1 && (isBuilding(building, before[0]!) || unit === before[0])) ||
    (before.length === 2 && isBuilding(building, before[0]!) && unit === before[1])
  if (stands && room === last) return 0
  if (stands && room.startsWith(last)) return 1
  const house = before.length === 0 ? isBuilding(building, last) : before.length === 1 && isBuilding(building, before[0]!) && unit === last
  return house ? 2 : null
}

/** 5 is 永清里5 but not 15, and 永清 is every house of that name. */
function isBuilding(label: string, part: string): boolean {
  const at = label.lastIndexOf(part)
  if (at < 0 || (/^\d/.test(part) && /\d/.test(label.charAt(at - 1)))) return false
  return !/\d$/.test(part) || !/\d/.test(label.charAt(at + part.length))
}

const DIGITS = '零一二三四五六七八九'

/** Numbers as they are said: 十二栋 as 12栋, 四〇二 as 402. */
function figures(text: string): string {
  return text
    .replace(/〇/g, '零')
    .replace(new RegExp(`[${DIGITS}]`, 'g'), (digit) => String(DIGITS.indexOf(digit)))
    .replace(/(\d?)十(\d?)/g, (_, tens: string, ones: string) => `${tens || 1}${ones || 0}`)
}
