import { describe, expect, it } from 'vitest'
import { findInName } from '@core/entry/sounds'
import { find } from '../phone/find'

const door = (building: string, unit: string, room: string, ...names: string[]) => ({
  door: { building, unit, room, members: names.map((name, at) => ({ person: `${room} ${at}`, name, relation: '' })) },
})
const said = (rows: ReturnType<typeof door>[], typed: string) =>
  find(rows, typed).map(({ row, name }) => name ?? [row.door.building, row.door.unit, row.door.room].join('-'))

describe('a name', () => {
  it.each([
    ['王东军', 'wdj'],
    ['王东军', 'wangdj'],
    ['王东军', 'wang dong jun'],
    ['王东军', 'Wangdongj'],
    ['王东军', 'dongjun'],
    ['王东军', '王dj'],
    ['王东军', 'ＷＤＪ'],
    ['王东军', '东军'],
    // What dictation writes for it.
    ['王东军', '王冬军'],
    ['张志诚', 'zhzhch'],
    ['张志诚', 'zzc'],
    ['吕布', 'lvb'],
    ['吕布', 'lubu'],
    ['阿卜杜热合曼·买买提', 'abd'],
    ['阿卜杜热合曼·买买提', 'manmai'],
    ['李Anna', 'lianna'],
    ['喆玥', 'zy'],
  ])('%s is found by %s', (name, typed) => expect(findInName(name, typed)).not.toBeNull())

  it.each([
    ['单雄信', 'shan', 'dan'],
    ['曾国强', 'zeng', 'ceng'],
    ['解小芳', 'xie', 'jie'],
    ['查良镛', 'zha', 'cha'],
    ['仇和', 'qiu', 'chou'],
    ['乐嘉', 'yue', 'le'],
    ['翟天明', 'zhai', 'di'],
    ['盖叫天', 'ge', 'gai'],
  ])('%s is found by every reading, %s and %s', (name, one, other) => {
    expect(findInName(name, one)).not.toBeNull()
    expect(findInName(name, other)).not.toBeNull()
  })

  it.each([
    ['王东军', 'wjd'],
    ['王东军', 'wdjx'],
    ['王东军', '王军'],
    ['王东军', ' '],
    ['王东军', "'"],
  ])('%s is not found by %s', (name, typed) => expect(findInName(name, typed)).toBeNull())

  it('tells which of its characters were meant, over what stands between', () => {
    expect(findInName('王东军', 'dj')!.part).toEqual({ start: 1, end: 3 })
    expect(findInName('买买提·艾力', 'tia')!.part).toEqual({ start: 2, end: 5 })
  })
})

describe('a door', () => {
  const rows = [
    door('3', '2', '402', '王东军', '李梅'),
    door('3', '2', '1402', '汪丹娟'),
    door('13', '2', '402', '赵四'),
    door('永清里3号楼', '', '0402', '欧阳王军'),
    door('12栋', '1单元', '402A', '东方'),
  ]

  it.each(['3-2-402', '3栋2单元402室', '3 2 402', '3。2。402', '三栋二单元四零二', '3#2-402'])('is found by %s', (typed) => {
    expect(said(rows, typed)).toEqual(['3-2-402'])
  })

  it('is found by its room alone, whole numbers before longer ones', () => {
    expect(said(rows, '402')).toEqual(['3-2-402', '13-2-402', '永清里3号楼--0402', '12栋-1单元-402A'])
  })

  it('is found by its house, which is not another house that ends so', () => {
    expect(said(rows, '3-402')).toEqual(['3-2-402', '永清里3号楼--0402'])
    expect(said(rows, '永清里')).toEqual(['永清里3号楼--0402'])
    expect(said(rows, '十二栋402')).toEqual(['12栋-1单元-402A'])
  })

  it('comes before the people whom the same letters mean, and nearer names before farther', () => {
    expect(said(rows, 'wdj')).toEqual(['王东军', '汪丹娟'])
    expect(said(rows, '王')).toEqual(['王东军', '欧阳王军', '汪丹娟'])
    expect(said(rows, '东')).toEqual(['王东军', '东方'])
    expect(said(rows, '没有的人')).toEqual([])
  })
})

describe('whoever was recorded here and is on no list yet', () => {
  const rows = [door('3', '1', '402', '王东军'), door('3', '1', '501', '李梅')]
  const newcomers = (row: (typeof rows)[number]) => (row.door.room === '501' ? [{ name: '孙晓芳' }] : [])
  it.each(['sxf', '孙晓芳', '晓芳'])('is found by %s behind her door', (typed) => {
    expect(find(rows, typed, newcomers).map(({ row, name }) => [row.door.room, name])).toEqual([['501', '孙晓芳']])
    expect(find(rows, typed)).toEqual([])
  })
})
