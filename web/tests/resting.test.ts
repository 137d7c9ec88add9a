/** The second tap of a trembling finger answers for no door; a worker who does a door a second is not held up. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { meant, REST, resting, SHORT_REST } from '../core/resting'

let start = 0

describe('a tap after an answer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    start += 10_000
  })
  afterEach(() => vi.useRealTimers())

  it('counts only when the finger had time to be lifted on purpose', () => {
    expect([0, 90, 110, REST - 1, REST, REST + 100].map((at) => meant(start + at))).toEqual([true, false, false, false, true, false])
  })

  it('counts every time at a door a second', () => {
    expect([0, 1000, 2000, 3000].map((at) => meant(start + at))).toEqual([true, true, true, true])
  })

  it('is not held up as long by a question about the same door', () => {
    expect([meant(start, SHORT_REST), meant(start + 100), meant(start + SHORT_REST)]).toEqual([true, false, true])
  })

  it('finds the buttons at rest as long as it would not count', () => {
    meant(start)
    vi.advanceTimersByTime(REST - 1)
    expect(resting.value).toBe(true)
    vi.advanceTimersByTime(1)
    expect(resting.value).toBe(false)
  })
})
