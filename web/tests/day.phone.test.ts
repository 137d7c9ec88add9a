/** A worker's day: what comes first, whose it is, and what she did about it herself. */
import { describe, expect, it } from 'vitest'
import type { KeptTask, OutboxFact } from '../phone/db'
import { caseReceipts, dayCount, myDay, notBefore, sentBack, worked } from '../phone/day'

const ME = '00000000-0000-7000-8000-0000000000aa'
const HER = '00000000-0000-7000-8000-0000000000bb'
const NOON = Date.parse('2020-03-10T04:00:00Z')
const OFFSET = 8
const name = { code: 'x', zh: '某', en: 'x' }

function task(id: string, due: string, more: Partial<KeptTask> = {}): KeptTask {
  return {
    id: `${id}/leave:flagged`,
    case: id,
    task: 'leave:flagged',
    programme: 'epidemic',
    version: '2020-03',
    pathway: name,
    state: name,
    kind: 'leave',
    of: name,
    role: 'grid_worker',
    climbed: false,
    since: '2020-03-09T00:00:00Z',
    remind_at: due,
    due,
    turn: 0,
    about: { dwelling: `door-${id}`, area_code: 'A', area_name: '', building: '3', unit: '1', room: id },
    steps: [],
    ...more,
  }
}

function fact(caseId: string, turn: number, what: 'step' | 'take' | 'offer' | 'decline' | 'reply', fate: OutboxFact['fate'], madeAt = NOON, peer?: string, sequence = 0): OutboxFact {
  const bytes = new Uint8Array(0)
  return {
    sequence, envelope: bytes, hash: bytes, content: null, dataKey: null, sealedKey: null, signature: null, fate, madeAt, visit: 1, what: 'acted',
    dwelling: '', doorName: '', outcome: null, deed: { case: caseId, turn, what, ...(peer === undefined ? {} : { with: peer }) }, receipt: null,
  }
}

const shown = (tasks: KeptTask[], outbox: OutboxFact[] = [], walk: string[] = []) => {
  const day = myDay(tasks, outbox, new Map(walk.map((id, place) => [`door-${id}`, place])), ME, NOON, OFFSET)
  return Object.fromEntries(Object.entries(day).map(([group, rows]) => [group, rows.map((row: { task: KeptTask }) => row.task.case)]))
}

describe('my day', () => {
  it('keeps what she only answered a question about', () => {
    const tasks = [task('a', '2020-03-10T03:00:00Z', { asked: HER })]
    expect(shown(tasks, [fact('a', 0, 'reply', 'waiting')]).overdue).toEqual(['a'])
    expect(shown(tasks, [fact('a', 0, 'step', 'waiting')]).overdue).toEqual([])
  })

  it('puts what is overdue first, the longest first, and the rest in walking order', () => {
    const tasks = [
      task('a', '2020-03-10T10:00:00Z'),
      task('b', '2020-03-10T09:00:00Z'),
      task('late', '2020-03-10T03:00:00Z'),
      task('later', '2020-03-09T03:00:00Z'),
      task('tomorrow', '2020-03-10T16:00:00Z'),
    ]
    const day = shown(tasks, [], ['late', 'a', 'b'])
    expect(day.overdue).toEqual(['later', 'late'])
    expect(day.today).toEqual(['a', 'b'])
    expect(day.later).toEqual(['tomorrow'])
  })

  it('takes a step that was taken here off the list, and puts it back when it was sent back or the case moved on', () => {
    const one = task('a', '2020-03-10T10:00:00Z')
    expect(shown([one], [fact('a', 0, 'step', 'waiting')])).toMatchObject({ done: ['a'], today: [] })
    expect(shown([one], [fact('a', 0, 'step', 'accepted')])).toMatchObject({ done: ['a'], today: [] })
    expect(shown([one], [fact('a', 0, 'step', 'quarantined')])).toMatchObject({ done: [], today: ['a'] })
    expect(shown([{ ...one, turn: 1 }], [fact('a', 0, 'step', 'accepted')])).toMatchObject({ done: [], today: ['a'] })
  })

  it('gives nobody what she has not accepted, and takes nothing from whoever offered it', () => {
    const offered = task('a', '2020-03-10T10:00:00Z', { offered: ME, holder: HER })
    expect(shown([offered])).toMatchObject({ offered: ['a'], today: [] })
    expect(shown([offered], [fact('a', 0, 'take', 'waiting')])).toMatchObject({ offered: [], today: ['a'] })
    const mine = task('b', '2020-03-10T10:00:00Z', { offered: HER })
    expect(shown([mine])).toMatchObject({ today: ['b'], others: [] })
    expect(shown([{ ...mine, offered: undefined, holder: HER }])).toMatchObject({ today: [], others: ['b'] })
  })

  it('keeps with her what she offered, before and after the server has the offer, and what came back declined', () => {
    const mine = task('a', '2020-03-10T10:00:00Z', { holder: ME })
    for (const fate of ['waiting', 'sent', 'accepted'] as const) expect(shown([mine], [fact('a', 0, 'offer', fate, NOON, HER)])).toMatchObject({ today: ['a'], done: [] })
    expect(shown([{ ...mine, offered: HER }], [fact('a', 0, 'offer', 'accepted', NOON, HER)])).toMatchObject({ today: ['a'], others: [] })
    expect(shown([{ ...mine, declined_by: HER }], [fact('a', 0, 'offer', 'accepted', NOON, HER)])).toMatchObject({ today: ['a'] })
  })

  it('leaves with the giver what she declined', () => {
    const asked = task('a', '2020-03-10T10:00:00Z', { offered: ME, offered_by: HER, holder: HER })
    expect(shown([asked], [fact('a', 0, 'decline', 'waiting', NOON, HER)])).toMatchObject({ offered: [], others: ['a'], done: [], today: [] })
  })

  it('gives a receipt for cases as for doors: to whom, how many, what became of them', () => {
    const tasks = [
      task('a', '2020-03-10T10:00:00Z', { offered: HER }),
      task('b', '2020-03-10T10:00:00Z', { holder: HER }),
      task('c', '2020-03-10T10:00:00Z', { declined_by: HER }),
      task('d', '2020-03-10T10:00:00Z', { turn: 1 }),
      task('f', '2020-03-10T10:00:00Z'),
    ]
    const offered = ['a', 'b', 'c', 'd'].map((id, at) => fact(id, 0, 'offer', 'accepted', NOON + at, HER, at))
    const outbox = [...offered, fact('e', 0, 'offer', 'quarantined', NOON, HER, 4), fact('f', 0, 'offer', 'waiting', NOON, HER, 5), fact('f', 0, 'decline', 'waiting', NOON, undefined, 6)]
    expect(caseReceipts(tasks, outbox, OFFSET)).toEqual([
      { given: true, worker: HER, at: NOON + 3, count: 5, answers: { none: 1, taken: 1, declined: 1, withdrawn: 1, ended: 1 }, here: true },
    ])
    const answered = [fact('x', 0, 'take', 'accepted', NOON, HER), fact('y', 0, 'decline', 'accepted', NOON, HER)]
    expect(caseReceipts([], answered, OFFSET)).toMatchObject([{ given: false, count: 2, answers: { taken: 1, declined: 1 }, here: false }])
    expect(caseReceipts([], [fact('z', 0, 'take', 'accepted')], OFFSET)).toEqual([])
  })

  it('keeps the receipt of an offer that was declined when the same is offered again', () => {
    const offers = [fact('a', 0, 'offer', 'accepted', NOON, HER, 0), fact('a', 0, 'offer', 'accepted', NOON + 9, HER, 1)]
    expect(caseReceipts([task('a', '2020-03-10T10:00:00Z', { holder: HER })], offers, OFFSET)).toMatchObject([
      { at: NOON + 9, count: 1, answers: { taken: 1, declined: 0 } },
      { at: NOON, count: 1, answers: { taken: 0, declined: 1 } },
    ])
    const answers = [fact('a', 0, 'decline', 'accepted', NOON, HER, 0), fact('a', 0, 'take', 'accepted', NOON + 9, HER, 1)]
    expect(caseReceipts([], answers, OFFSET)).toMatchObject([
      { given: false, count: 1, answers: { taken: 1, declined: 0 } },
      { given: false, count: 1, answers: { taken: 0, declined: 1 } },
    ])
  })

  it('tells what was sent back until something else is done about the case', () => {
    const back = fact('a', 0, 'step', 'quarantined')
    expect(sentBack('a', [back])).toBe(back)
    expect(sentBack('b', [back])).toBeNull()
    expect(sentBack('a', [{ ...back, putAway: true }])).toBeNull()
    expect(sentBack('a', [back, fact('a', 1, 'step', 'waiting')])).toBeNull()
  })

  it('holds a step back until its condition holds, as the server told', () => {
    const says = { code: 'x', zh: '已满', en: 'full' }
    expect(notBefore({}, 18331)).toBeNull()
    expect(notBefore({ guard: { says, holds_from: '2020-03-10' } }, 18331)).toBeNull()
    expect(notBefore({ guard: { says, holds_from: '2020-03-11' } }, 18331)).toBe(18332)
    expect(notBefore({ guard: { says } }, 18331)).toBe('unknown')
  })

  it('counts the first day as day 1', () => {
    expect(dayCount({ counted_from: '2020-03-07' }, 18331)).toBe(4)
    expect(dayCount({}, 18331)).toBeNull()
  })

  it('counts hours from the first record of a day to the last, by the campaign’s days', () => {
    const at = (text: string) => fact('a', 0, 'step', 'accepted', Date.parse(text))
    const days = worked([at('2020-03-09T23:00:00Z'), at('2020-03-10T09:30:00Z'), at('2020-03-09T15:59:00Z')], OFFSET)
    expect(days.map(({ from, to }) => (to - from) / 3_600_000)).toEqual([10.5, 0])
  })
})
