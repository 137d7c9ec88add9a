/** The list of every community: what is worst stands first, and the other way round if it is asked for twice. */
import { describe, expect, it } from 'vitest'
import type { CommunityRow } from '@core/api/types'
import { findInName } from '@core/entry/sounds'
import { meant, ordered, orderBy, reachAt } from '../console/communities'

const row = (name: string, more: Partial<CommunityRow> = {}): CommunityRow => ({ code: name, name, level: 'community', above: '大智街道', residual: 0, late: 0, unanswered: 0, open_posts: 0, held: 0, silent: 0, phones: 1, ...more })
const names = (rows: CommunityRow[]) => rows.map(({ name }) => name)

describe('communities', () => {
  const rows = [
    row('桃源', { residual: 3, swept: { dwellings: 10, accounted: 7, listed_dark: 2 }, pushed_at: '2020-03-10T01:00:00Z' }),
    row('铭新', { residual: 12, swept: { dwellings: 100, accounted: 88, listed_dark: 1 }, pushed_at: '2020-03-10T02:00:00Z', late: 4 }),
    row('华清'),
  ]

  it('name whom to ask about what is in one of their compounds', () => {
    const [near, far] = [{ office_phone: '02782812345' }, { office_phone: '02782800000' }]
    const asked = [{ code: '420102002001', reach: far }, { code: '420102002003', reach: near }, { code: '420102002004' }]
    expect(reachAt(asked, '42010200200301')).toBe(near)
    expect(reachAt(asked, '420102002004')).toBeNull()
    expect(reachAt(asked, '420103')).toBeNull()
  })

  it('are found by a part of the name, by how it sounds, by the code and by the street, in the order that was chosen', () => {
    const sounds = (name: string, typed: string) => findInName(name, typed) !== null
    const found = (typed: string, heard = sounds) => names(ordered(meant(rows.map((one, at) => ({ ...one, code: `42010200200${at}` })), typed, heard), { by: 'residual', down: true }))
    expect([found('源'), found('ty'), found('mingx'), found('42010200200'), found('002001'), found(' '), found('没有')]).toEqual([['桃源'], ['桃源'], ['铭新'], ['铭新', '桃源', '华清'], ['铭新'], ['铭新', '桃源', '华清'], []])
    expect(found('大智')).toHaveLength(3)
    expect([found('ty', () => false), found('桃', () => false)]).toEqual([[], ['桃源']])
  })

  it('begin with the one that has most doors left', () => {
    expect(names(ordered(rows, { by: 'residual', down: true }))).toEqual(['铭新', '桃源', '华清'])
  })

  it('begin with the lowest share, and whoever was never heard before whoever was heard long ago', () => {
    expect(names(ordered(rows, orderBy('share', { by: 'residual', down: true })))).toEqual(['桃源', '铭新', '华清'])
    expect(names(ordered(rows, orderBy('pushed_at', { by: 'residual', down: true })))).toEqual(['华清', '桃源', '铭新'])
  })

  it('turn round when a column is asked for again, and begin with the worst of another', () => {
    const first = orderBy('late', { by: 'residual', down: true })
    expect(first).toEqual({ by: 'late', down: true })
    expect(orderBy('late', first)).toEqual({ by: 'late', down: false })
    expect(orderBy('name', first)).toEqual({ by: 'name', down: false })
    expect(names(ordered(rows, { by: 'persons', down: true }))).toEqual(['桃源', '铭新', '华清'])
  })
})
