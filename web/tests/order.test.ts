import { describe, expect, it } from 'vitest'
import { doorKey } from '@core/doors/key'
import { floorOf, naturalOrder, staircases, walkingOrder } from '@core/doors/order'

function door(building: string, unit: string, room: string, areaCode = 'A') {
  return { dwelling: `${areaCode}/${building}/${unit}/${room}`, area_code: areaCode, building, unit, room, floor: null }
}

const named = (doors: { building: string; unit: string; room: string }[]) =>
  doors.map(({ building, unit, room }) => `${building}-${unit}-${room}`)

describe('walking order', () => {
  it('goes building by building, unit by unit, from the top floor down, along the floor by room', () => {
    const doors = [
      door('10', '1', '101'),
      door('2', '2', '201'),
      door('2', '1', '1001'),
      door('2', '1', '102'),
      door('2', '1', '101'),
      door('2', '1', '902'),
    ]
    expect(named(walkingOrder(doors))).toEqual(['2-1-1001', '2-1-902', '2-1-101', '2-1-102', '2-2-201', '10-1-101'])
  })

  it('puts a door on no known floor after those of its unit', () => {
    expect(named(walkingOrder([door('1', '', '门卫'), door('1', '', '101')]))).toEqual(['1--101', '1--门卫'])
  })

  it('keeps every door exactly once', () => {
    const doors = Array.from({ length: 200 }, (_, index) => door(String(index % 7), String(index % 3), `${(index % 12) + 1}0${index % 4}`))
    expect(walkingOrder(doors).map(({ dwelling }) => dwelling).sort()).toEqual(doors.map(({ dwelling }) => dwelling).sort())
  })

  it('compares labels as people count', () => {
    expect(['10A', '乙', '2', '10', '三栋', '甲', '一栋'].sort(naturalOrder)).toEqual(['甲', '一栋', '2', '乙', '三栋', '10', '10A'])
  })

  it('draws the highest floor first', () => {
    const [house] = staircases([door('1', '1', '101'), door('1', '1', '302'), door('1', '1', '301')])
    expect(house!.floors.map(({ floor, doors }) => [floor, doors.length])).toEqual([
      [3, 2],
      [1, 1],
    ])
  })

  it('reads the floor from the room', () => {
    expect(['402', '1503', '12', '甲', '301A'].map(floorOf)).toEqual([4, 15, null, null, 3])
  })
})

describe('door keys', () => {
  it('are the same for one door written in several ways', () => {
    const plain = doorKey('3', '2', '402')
    for (const [building, unit, room] of [
      ['3栋', '2单元', '402室'],
      ['03号楼', '02', '0402'],
      ['3幢', '2门', '402号房'],
      [' 3# ', '2', '402户'],
    ] as const) {
      expect(doorKey(building, unit, room)).toBe(plain)
    }
    expect(doorKey('a', '', '1b')).toBe(doorKey('A', '', '1B'))
  })

  it('keep other doors apart', () => {
    expect(doorKey('31', '2', '402')).not.toBe(doorKey('3', '12', '402'))
    expect(doorKey('栋', '', '1')).not.toBe(doorKey('', '', '1'))
  })
})
