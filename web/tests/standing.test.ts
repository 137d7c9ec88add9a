import { describe, expect, it } from 'vitest'
import type { Sweep } from '@core/api/types'
import { standing } from '@core/standing'

const NOW = Date.parse('2031-02-03T08:00:00Z')
const sweep = (id: string, area_code: string, deadline: string, extra: Partial<Sweep> = {}): Sweep => ({
  id,
  area_code,
  area_name: area_code,
  programme: id,
  opened_at: '2031-02-01T00:00:00Z',
  deadline,
  closed_at: null,
  ...extra,
})
const county = sweep('county', '420102', '2031-02-05T00:00:00Z')
const community = sweep('community', '420102002003', '2031-02-04T00:00:00Z')

describe('the sweep that is meant while nobody chose', () => {
  it('is not a smaller one that someone opened elsewhere', () => {
    expect(standing([community, county], '420102', NOW)?.id).toBe('county')
  })

  it('is the one due next of those that cover the area', () => {
    expect(standing([county, community], '420102002003', NOW)?.id).toBe('community')
  })

  it('is the newest where all are overdue, and none where all are closed', () => {
    const later = sweep('later', '420102', '2031-01-01T00:00:00Z', { opened_at: '2031-02-02T00:00:00Z' })
    expect(standing([{ ...county, deadline: '2031-01-02T00:00:00Z' }, later], '420102', NOW)?.id).toBe('later')
    expect(standing([{ ...county, closed_at: '2031-02-02T00:00:00Z' }], '420102', NOW)).toBeNull()
  })

  it('is one of a part where nothing covers the whole', () => {
    expect(standing([community], '420102', NOW)?.id).toBe('community')
  })
})
