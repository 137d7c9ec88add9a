/** What time a phone takes it to be, whatever its own clock says. */
import { describe, expect, it } from 'vitest'
import { bestTime, span } from '../phone/clock'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOW = Date.parse('2026-11-30T03:00:00Z')

describe('the best known time', () => {
  const heard = (server: number, device = server) => ({ server, device })

  it('is the clock’s where nothing was heard, and where it goes right', () => {
    expect(bestTime(12, null)).toBe(12)
    expect(bestTime(NOW, heard(NOW - DAY))).toBe(NOW)
    expect(bestTime(NOW - 3 * MINUTE, heard(NOW, NOW - 3 * MINUTE))).toBe(NOW - 3 * MINUTE)
  })

  it('is mended by how far the clock was off when the server was heard', () => {
    expect(bestTime(5 * DAY, heard(NOW - DAY, 4 * DAY))).toBe(NOW)
    expect(bestTime(NOW + 2 * HOUR, heard(NOW - HOUR, NOW + HOUR))).toBe(NOW)
    // It was set right since.
    expect(bestTime(NOW, heard(NOW - DAY, 4 * DAY))).toBe(NOW)
  })

  it('is never before the server’s word, nor as far after it as no phone is away', () => {
    expect(bestTime(12, heard(NOW))).toBe(NOW)
    expect(bestTime(NOW + 400 * DAY, heard(NOW))).toBe(NOW)
    expect(bestTime(NOW + 20 * DAY, heard(NOW))).toBe(NOW + 20 * DAY)
  })

  it('is told in the unit that says it', () => {
    expect(span(-47 * MINUTE)).toEqual({ unit: 'minutes', n: 47 })
    expect(span(5 * HOUR)).toEqual({ unit: 'hours', n: 5 })
    expect(span(-9 * DAY)).toEqual({ unit: 'days', n: 9 })
    expect(span(12 - NOW)).toEqual({ unit: 'years', n: 57 })
  })
})
