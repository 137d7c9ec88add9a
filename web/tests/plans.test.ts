/** What a phone shows of published plans: today first, midnight passed, and that an old plan is over. */
import 'fake-indexeddb/auto'
import { describe, expect, it, vi } from 'vitest'
import type { MyPlan } from '@core/api/types'
import { phase } from '../phone/vault'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { keep } = await import('../phone/db')
const { byDay, followed, hours, isOver, over, standing } = await import('../phone/plans')
const { dayFromText } = await import('@core/doors/day')

const line = (day: string, starts: number, minutes = 480) => ({ label: '南门', day, starts, minutes })
const plan = (id: string, more: Partial<MyPlan>): MyPlan => ({ plan: id, kind: 'rota', area_name: '桃源社区', published_at: '2031-02-01T00:00:00.000Z', lines: [], ...more })

phase.value = 'open'

describe('my plan', () => {
  it('begins with today, then what comes, then what is over', () => {
    const lines = ['2031-02-02', '2031-02-05', '2031-02-03', '2031-02-01', '2031-02-04'].map((day) => line(day, 480))
    const days = byDay(lines, dayFromText('2031-02-03')).map(({ day }) => day! - dayFromText('2031-02-01') + 1)
    expect(days).toEqual([3, 4, 5, 2, 1])
    expect(byDay([{ label: '兰陵社区' }], 0)).toEqual([{ day: null, lines: [{ label: '兰陵社区' }] }])
  })

  it('says when a shift ends, past midnight too', () => {
    expect(hours(line('2031-02-03', 480), '次日 ')).toBe('08:00–16:00')
    expect(hours(line('2031-02-03', 960), '次日 ')).toBe('16:00–24:00')
    expect(hours(line('2031-02-03', 1320), '次日 ')).toBe('22:00–次日 06:00')
    expect(hours({ label: '3栋', starts: 545 }, '')).toBe('09:05')
    expect(hours({ label: '3栋' }, '')).toBe('')
  })

  it('tells what was replaced once for each kind, and whether the new one names her', async () => {
    await keep('plans', [
      plan('new', {}),
      plan('older', { replaced_at: '2031-02-02T00:00:00.000Z' }),
      plan('oldest', { replaced_at: '2031-02-01T00:00:00.000Z' }),
      plan('posting', { kind: 'deployment', withdrawn_at: '2031-02-02T00:00:00.000Z' }),
    ])
    await vi.waitFor(() => expect(standing.value).toHaveLength(1))
    expect(over.value.map(({ plan: id }) => id)).toEqual(['older', 'posting'])
    expect(over.value.map(followed)).toEqual([true, false])
    expect(standing.value.some(isOver)).toBe(false)
  })
})
