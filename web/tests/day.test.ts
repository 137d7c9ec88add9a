import { describe, expect, it } from 'vitest'
import { campaignDay, dayFromText, dayText, dueAt } from '@core/doors/day'
import { doorState, recheckDue } from '@core/doors/state'

describe('campaign days', () => {
  it('turn at midnight in the campaign zone, not in UTC', () => {
    const evening = Date.parse('2026-11-24T15:59:59Z')
    expect(dayText(campaignDay(evening, 8))).toBe('2026-11-24')
    expect(dayText(campaignDay(evening + 1000, 8))).toBe('2026-11-25')
  })

  it('go to text and back', () => {
    expect(dayFromText(dayText(20781))).toBe(20781)
    expect(() => dayFromText('soon')).toThrow()
  })

  it('last to their end where something is due on one, as the server counts', () => {
    expect(dueAt('2026-11-25')).toBe(Date.parse('2026-11-25T23:59:59.999+08:00'))
    expect(dueAt('2026-11-25T18:00:00+08:00')).toBe(Date.parse('2026-11-25T10:00:00Z'))
  })
})

describe('door states', () => {
  it('a door is due again from its re-check day on, and a refusal until it is signed', () => {
    expect(recheckDue('no_answer', 100, 99)).toBe(false)
    expect(recheckDue('no_answer', 100, 100)).toBe(true)
    expect(recheckDue('away', 100, 101)).toBe(true)
    expect(recheckDue('refused', null, 0)).toBe(true)
    expect(recheckDue('met', null, 0)).toBe(false)
    expect(doorState(null)).toBe('waiting')
  })
})
