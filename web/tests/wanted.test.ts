/** What is wanted of a figure and who is asked for first; what is to be done next about a dwelling; whom to ask about a late task. */
import { describe, expect, it } from 'vitest'
import type { ResidualReason } from '@core/api/types'
import english from '../console/messages/en'
import chinese from '../console/messages/zh-CN'
import { firstSide, SIDES, sideText, wanted, wantedText } from '../console/wanted'

const messages = [chinese, english]
const at = (texts: object, path: string): unknown => path.split('.').reduce<unknown>((found, name) => (found as Record<string, unknown>)[name], texts)

describe('a figure', () => {
  it('of which few are wanted is met at the limit and below, and shows who is counted first', () => {
    const few = { at_most: 0.1 }
    expect([0.05, 0.1, 0.11].map((value) => wanted({ value, applies: true }, few))).toEqual(['met', 'met', 'missed'])
    expect(firstSide(few)).toBe('met')
  })

  it('of which many are wanted is met at the limit and above, and shows who is missed first', () => {
    const many = { at_least: 0.95 }
    expect([0.94, 0.95, 1].map((value) => wanted({ value, applies: true }, many))).toEqual(['missed', 'met', 'met'])
    expect([firstSide(many), firstSide({}), firstSide(null)]).toEqual(['missed', 'missed', 'missed'])
  })

  it('is neither where nothing is wanted, nothing is known or it does not apply', () => {
    expect(wanted({ value: 1, applies: true }, {})).toBeNull()
    expect(wanted({ applies: true }, { at_most: 0 })).toBeNull()
    expect(wanted({ value: 0, applies: false }, { at_most: 0 })).toBeNull()
  })

  it('is said to be below or above its target, and never plainly reached', () => {
    const said = (wants: object, standing: 'met' | 'missed') => messages.map((texts) => at(texts, wantedText(wants, standing)))
    expect(said({ at_least: 0.95 }, 'missed')).toEqual(['未达标', 'below target'])
    expect(said({ at_most: 0 }, 'missed')).toEqual(['未达标', 'above target'])
    expect(said({ at_most: 0 }, 'met')).toEqual(['达标', 'target met'])
  })

  it('calls its sides otherwise where few are wanted: nobody meets it by being counted', () => {
    for (const texts of messages) {
      for (const side of SIDES) {
        const [few, many] = [{ at_most: 0 }, { at_least: 1 }].map((wants) => at(texts, sideText(wants, side)))
        expect(few).toEqual(expect.any(String))
        expect(many).toEqual(expect.any(String))
        if (side !== 'unknown') expect(few).not.toBe(many)
      }
    }
  })
})

describe('what is to be done next', () => {
  it('is said of each reason for which a dwelling is left, each otherwise', () => {
    const reasons: Record<ResidualReason, true> = { never_visited: true, no_answer: true, refused_unsigned: true }
    for (const { residual } of messages) {
      expect(Object.keys(residual.do).sort()).toEqual(Object.keys(reasons).sort())
      expect(new Set(Object.values(residual.do)).size).toBe(3)
    }
  })

  it('names where and in which role to ask about a late task that is not the reader’s', () => {
    for (const { late } of messages) expect(late.notYours).toMatch(/\{area\}.*\{role\}|\{role\}.*\{area\}/)
  })
})
