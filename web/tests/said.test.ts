/** Which of what residents said stands first, and how held records stand together. */
import { describe, expect, it } from 'vitest'
import type { QuarantineRow, SaidRow } from '@core/api/types'
import { byPhone, REFUSALS } from '../console/held'
import { byNeed, REASONS } from '../console/said'
import english from '../console/messages/en'
import desk from '../console/messages/zh-CN'
import arabic from '../resident/messages/ar'
import resident from '../resident/messages/en'
import chinese from '../resident/messages/zh-CN'

const said = (id: string, what: SaidRow['what'], at: number, taken = false): SaidRow =>
  ({ said: id, what, said_at: `2026-11-30T0${at}:00:00Z`, ...(taken ? { taken_on_at: '2026-11-30T09:00:00Z' } : {}) }) as SaidRow

describe('what residents said', () => {
  it('has help that nobody sees to before older reports of people', () => {
    const rows = [said('a', 'person', 1), said('b', 'help', 2, true), said('c', 'help', 4), said('d', 'help', 3)]
    expect(byNeed(rows).map(({ said: id }) => id)).toEqual(['d', 'c', 'a', 'b'])
  })

  it('stays where it stood when something is taken on, and what comes meanwhile comes after it', () => {
    const before = byNeed([said('a', 'person', 1), said('b', 'help', 2), said('c', 'help', 3)])
    const now = [said('a', 'person', 1), said('b', 'help', 2, true), said('d', 'help', 4), said('c', 'help', 3)]
    expect(byNeed(now, before).map(({ said: id }) => id)).toEqual(['b', 'c', 'a', 'd'])
  })

  it('is declined for reasons that are told in every language of the page and at the desk', () => {
    for (const reason of Object.values(REASONS).flat()) {
      for (const messages of [chinese, resident, arabic]) expect(messages.record.reason).toHaveProperty(reason)
      expect(english.residents.reason).toHaveProperty(reason)
    }
  })
})

describe('what became of it', () => {
  it('is told in every language, and at the desk', () => {
    for (const state of ['waiting', 'taken_on', 'confirmed', 'settled', 'declined', 'withdrawn'] satisfies SaidRow['state'][]) {
      for (const messages of [chinese, resident, arabic]) expect(messages.record.state).toHaveProperty(state)
    }
    for (const state of ['confirmed', 'settled', 'declined', 'withdrawn']) for (const messages of [desk, english]) expect(messages.residents.became).toHaveProperty(state)
  })
})

describe('held records', () => {
  it('are refused for reasons that both languages have', () => {
    for (const messages of [desk, english]) expect(Object.keys(messages.quarantine.refusal)).toEqual([...REFUSALS])
  })

  const held = (series: string, sequence: number, dwelling: string, kind: string): QuarantineRow =>
    ({ series, sequence, dwelling, kind, worker_name: `worker ${series}` }) as QuarantineRow

  it('stand by phone, and a person beside the visit she came with', () => {
    const rows = [held('x', 1, 'a', 'visited'), held('y', 1, 'a', 'visited'), held('x', 2, 'b', 'visited'), held('x', 3, 'a', 'person_seen')]
    const phones = byPhone(rows)
    expect(phones.map(({ series, name }) => [series, name])).toEqual([['x', 'worker x'], ['y', 'worker y']])
    expect(phones[0]!.rows.map(({ sequence }) => sequence)).toEqual([1, 3, 2])
  })
})
