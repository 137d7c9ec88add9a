/** What a map shows of a building. */
import { describe, expect, it } from 'vitest'
import type { BuildingRow, MapShape } from '@core/api/types'
import { bandOf, bounds, middle, places, type Point } from '../console/mapping'

const NOW = Date.parse('2026-03-05T12:00:00Z')
const row = (accounted: number, dwellings: number, visited_at?: string): BuildingRow => ({ building: '3', key: '3', accounted, dwellings, ...(visited_at === undefined ? {} : { visited_at }) })
const shape = (...rings: Point[][]): MapShape => ({ type: 'Feature', properties: { kind: 'building', building: '3' }, geometry: { type: 'MultiPolygon', coordinates: rings.map((ring) => [ring]) } })
const square = (east: number, north: number, side: number): Point[] => [[east, north], [east + side, north], [east + side, north + side], [east, north + side], [east, north]]

describe('the band of a building', () => {
  it('is done only when every door is accounted for', () => {
    expect([row(0, 1000), row(1, 1000), row(499, 1000), row(500, 1000), row(999, 1000), row(1000, 1000)].map((one) => bandOf(one, 'coverage', NOW))).toEqual(['none', 'some', 'most', 'most', 'most', 'done'])
  })

  it('tells how old the last visit is', () => {
    const visits = [undefined, '2026-03-05T11:00:00Z', '2026-03-04T11:00:00Z', '2026-03-02T11:00:00Z', '2026-03-01T11:00:00Z', '2026-03-05T13:00:00Z']
    expect(visits.map((at) => bandOf(row(1, 2, at), 'age', NOW))).toEqual(['never', 'today', 'days', 'days', 'old', 'today'])
  })
})

describe('the place of a label', () => {
  it('is the middle of the largest outline, to the centimetre, wherever it begins', () => {
    const at = middle(shape(square(114.3, 30.6, 0.0001), square(114.31, 30.61, 0.0004)))!
    expect(at[0]).toBeCloseTo(114.3102, 7)
    expect(at[1]).toBeCloseTo(30.6102, 7)
    expect(middle(shape([...square(114.31, 30.61, 0.0004)].reverse()))![0]).toBeCloseTo(114.3102, 7)
  })

  it('is a corner where the outline has no area, and nowhere without one', () => {
    expect(middle(shape([[1, 2], [1, 2], [1, 2]]))).toEqual([1, 2])
    expect(middle(shape())).toBeNull()
  })

  /** A label of two lines, of one, and with the name alone; on an outline so wide and so tall, at so many pixels. */
  const FORMS = [{ width: 40, height: 40 }, { width: 70, height: 20 }, { width: 40, height: 20 }]
  const wish = (left: number, width: number, height: number) => ({ at: { x: left + width / 2, y: height / 2 }, outline: { left, right: left + width, top: 0, bottom: height }, forms: FORMS })
  const put = (...wishes: ReturnType<typeof wish>[]) => places(wishes, wishes.map(({ outline }) => outline))

  it('is its outline, with as much as has room there', () => {
    expect(put(wish(0, 100, 60))).toEqual([{ form: 0, x: 0, y: 0 }])
    expect(put(wish(0, 100, 30))).toEqual([{ form: 1, x: 0, y: 0 }])
    expect(put(wish(0, 50, 30))).toEqual([{ form: 2, x: 0, y: 0 }])
  })

  it('is below or above an outline that it would cover, with the name alone, and covers no other there', () => {
    expect(put(wish(0, 30, 10))).toEqual([{ form: 2, x: 0, y: 18 }])
    const below = { left: 0, right: 30, top: 20, bottom: 30 }
    const one = wish(0, 30, 10)
    expect(places([one], [one.outline, below])).toEqual([{ form: 2, x: 0, y: -18 }])
    expect(places([one], [one.outline, below, { ...below, top: -20, bottom: -10 }])).toEqual([null])
  })

  it('is given to whoever came first where two would lie over one another', () => {
    expect(put(wish(0, 30, 10), wish(35, 30, 10), wish(70, 30, 10)).map((place) => place?.y)).toEqual([18, -18, 18])
    expect(put(wish(0, 10, 10), wish(12, 10, 10), wish(24, 10, 10)).map((place) => place?.y)).toEqual([18, -18, undefined])
  })
})

it('bounds hold every corner, and there are none of nothing', () => {
  expect(bounds([shape(square(114.3, 30.6, 0.5)), shape(square(114.1, 30.7, 0.1))])).toEqual([114.1, 30.6, 114.8, 31.1])
  expect(bounds([])).toBeNull()
})
