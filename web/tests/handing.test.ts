/** Doors that are handed over: whose they are, by what the server told and what was said on this phone since. */
import { describe, expect, it } from 'vitest'
import type { HandedOver } from '@core/api/types'
import type { OutboxFact, PhoneDoor } from '../phone/db'
import { answerTo, DOORS_LIMIT, heldByOthers, offered, offers, saidSince, type HandingEntry } from '../phone/handing'

const ME = { worker: 'me', name: '陈小燕' }
const HER = { worker: 'her', name: '王丽' }
const SWEEP = 'sweep'

function row(id: string, giver = ME, taker = HER, more: Partial<HandedOver> = {}): HandedOver {
  return { hand_over: id, sweep: SWEEP, area_code: 'A', giver, taker, offered_at: `2020-03-10T0${id}:00:00.000Z`, doors: ['a', 'b'], ...more }
}

const taken = (at: string) => ({ answer: 'taken', answered_at: at }) as const

function fact(handed: HandingEntry, fate: OutboxFact['fate'] = 'waiting'): OutboxFact {
  return { handed, fate, madeAt: Date.parse('2020-03-10T09:00:00Z') } as OutboxFact
}

describe('doors that are offered', () => {
  it('are the giver’s until they are taken, whoever looks', () => {
    const rows = saidSince([row('1')], [], ME.name)
    expect(heldByOthers(rows, SWEEP, ME.worker).size).toBe(0)
    expect([...offered(rows, SWEEP, ME.worker)]).toEqual(['a', 'b'])
    expect(offered(rows, SWEEP, HER.worker).size).toBe(0)
    const after = saidSince([row('1', ME, HER, taken('2020-03-10T02:00:00Z'))], [], ME.name)
    expect([...heldByOthers(after, SWEEP, ME.worker)]).toEqual([['a', '王丽'], ['b', '王丽']])
    expect(heldByOthers(after, SWEEP, HER.worker).size).toBe(0)
    expect(heldByOthers(after, 'another', ME.worker).size).toBe(0)
  })

  it('are the last taker’s, and come back by being handed back', () => {
    const rows = saidSince([row('1', ME, HER, taken('2020-03-10T02:00:00Z')), row('2', HER, ME, { ...taken('2020-03-10T03:00:00Z'), doors: ['b'] })], [], ME.name)
    expect([...heldByOthers(rows, SWEEP, ME.worker).keys()]).toEqual(['a'])
    expect([...heldByOthers(rows, SWEEP, HER.worker)]).toEqual([['b', '陈小燕']])
  })

  it('are shown as said here before the server has heard of it, and not when it came back', () => {
    const [entry] = offers([{ dwelling: 'a' } as PhoneDoor], SWEEP, ME.worker, HER)
    const [shown] = saidSince([], [fact(entry!)], ME.name)
    expect(shown).toMatchObject({ giver: ME, taker: HER, doors: ['a'], here: true })
    expect(saidSince([], [fact(entry!, 'quarantined')], ME.name)).toEqual([])
    const answered = saidSince([row('1', HER, ME)], [fact(answerTo({ ...row('1', HER, ME), here: false }, 'declined'))], ME.name)
    expect(answered).toMatchObject([{ answer: 'declined', here: true }])
    // The server's word stands over what was said here too late.
    const late = saidSince([row('1', ME, HER, taken('2020-03-10T02:00:00Z'))], [fact(answerTo({ ...row('1'), here: false }, 'withdrawn'), 'accepted')], ME.name)
    expect(late).toMatchObject([{ answer: 'taken', here: false }])
  })

  it('fit their records, each with an id of its own', () => {
    const doors = Array.from({ length: DOORS_LIMIT + 1 }, (_, at) => ({ dwelling: String(at) }) as PhoneDoor)
    const entries = offers(doors, SWEEP, ME.worker, HER)
    expect(entries.map(({ doors: ids }) => ids.length)).toEqual([DOORS_LIMIT, 1])
    expect(new Set(entries.map(({ handOver }) => handOver)).size).toBe(2)
    expect(offers([], SWEEP, ME.worker, HER)).toEqual([])
  })
})
