/** The phone's judge of rules against what the server judged of the same answers; see crates/wanjia/src/http/door_rules.rs. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { DoorRule, Expression } from '@core/api/types'
import type { Given } from '@core/ledger/answers'
import { flagged, judge } from '../phone/forms/rules'

interface Vectors {
  today: number
  rules: Record<string, Expression>
  judged: { answers: Record<string, Given>; verdicts: Record<string, boolean | null> }[]
}

const { today, rules, judged } = JSON.parse(readFileSync(new URL('./door-rules.json', import.meta.url), 'utf8')) as Vectors

describe('rules at the door', () => {
  it('are judged as the server judges them', () => {
    expect(judged.length).toBeGreaterThan(50)
    for (const { answers, verdicts } of judged) {
      const own = Object.fromEntries(Object.keys(verdicts).map((id) => [id, judge(rules[id]!, { answers, today, on: today })]))
      expect(own, JSON.stringify(answers)).toEqual(verdicts)
    }
  })

  it('say nothing of what is not answered, and what they say at the limit', () => {
    const fever = { id: 'E-R05', when: rules['E-R05']! } as DoorRule
    const at = (answers: Record<string, Given>) => flagged([fever], { answers, today, on: today }).length
    expect(at({})).toBe(0)
    expect(at({ temp_c: 37.2 })).toBe(0)
    expect(at({ temp_c: 37.3 })).toBe(1)
    expect(at({ symptom: ['cough'] })).toBe(1)
  })

  it('take an operation that they do not know for no answer', () => {
    expect(judge({ op: 'div', of: [{ value: 1 }, { value: 1 }] }, { answers: {}, today, on: today })).toBeNull()
  })
})
