import { beforeAll, describe, expect, it } from 'vitest'
import { readIdNumber } from '../core/entry/id-number'
import { whoLooked } from '../resident/readings'
import { faultsOf } from '../resident/reporting'
import type { Said } from '../resident/slip'
import arabic from '../resident/messages/ar'
import chinese from '../resident/messages/zh-CN'
import english from '../resident/messages/en'

let readCode: (typed: string) => string | null
let standsAs: (said: Pick<Said, 'what' | 'state'>) => string
let dayOf: (instant: string) => string
let timeOf: (instant: string) => string

beforeAll(async () => {
  Object.assign(globalThis, { sessionStorage: { getItem: () => null } })
  ;({ readCode, standsAs } = await import('../resident/slip'))
  ;({ dayOf, timeOf } = await import('../resident/when'))
})

describe('the code of a slip', () => {
  it.each(['7K3M-9QXD-2F8T', '7k3m9qxd2f8t', ' 7K3M 9QXD 2F8T ', '７Ｋ３Ｍ－９ＱＸＤ－２Ｆ８Ｔ', '7K3M–9QXD–2F8T'])('is read from %s', (typed) => {
    expect(readCode(typed)).toBe('7K3M9QXD2F8T')
  })

  it('takes what looks alike for what was meant, as the server does', () => {
    expect(readCode('OIL0-0000-0000')).toBe('011000000000')
  })

  it.each(['', '7K3M-9QXD-2F8', '7K3M-9QXD-2F8T-1', '7K3M-9QXD-2F8U', '零零零零零零零零零零零零'])('is not %s', (typed) => {
    expect(readCode(typed)).toBeNull()
  })
})

describe('what was asked for', () => {
  it('is said to be taken on only when somebody has', () => {
    expect([standsAs({ what: 'help', state: 'waiting' }), standsAs({ what: 'help', state: 'taken_on' })]).toEqual(['untaken', 'taken_on'])
    expect([standsAs({ what: 'correction', state: 'waiting' }), standsAs({ what: 'person', state: 'waiting' })]).toEqual(['waiting', 'waiting'])
    expect([standsAs({ what: 'erasure', state: 'declined' }), standsAs({ what: 'person', state: 'declined' })]).toEqual(['undone', 'declined'])
  })

  it('has words for every way it stands, in every language', () => {
    const states = (['person', 'help', 'correction'] as const).flatMap((what) => (['waiting', 'taken_on', 'confirmed', 'settled', 'declined', 'withdrawn'] as const).map((state) => standsAs({ what, state })))
    for (const messages of [chinese, english, arabic]) {
      const words = messages.record.state as Record<string, string>
      expect(states.filter((state) => !words[state])).toEqual([])
      expect(words.untaken).not.toBe(words.taken_on)
    }
  })
})

describe('a time', () => {
  it('is told in the campaign’s zone and in figures that every language reads', () => {
    const fromLeft = (text: string) => `\u2066${text}\u2069`
    expect(dayOf('2026-01-31T16:30:00Z')).toBe(fromLeft('2026-02-01'))
    expect(timeOf('2026-01-31T16:30:00Z')).toBe(fromLeft('2026-02-01 00:30'))
  })
})

describe('someone who is reported', () => {
  const person = { name: '孙小雨', relation: '租客', sex: '', birth_date: '', phone: '', id_number: '' }
  const faults = (more: object) => faultsOf({ ...person, ...more }, '2026-11-30')

  it('is looked at before she is sent, each field in the order of the page', () => {
    expect(faults({})).toEqual([])
    expect(faults({ name: ' ', phone: '12' })).toEqual([['name', 'nameNeeded'], ['phone', 'phoneWrong']])
  })

  it('is told what is wrong with the number, as the worker is', () => {
    expect(faults({ id_number: '110101199013071234' })).toEqual([['id_number', 'number.birth']])
    expect(faults({ id_number: '11010119900307123' })).toEqual([['id_number', 'number.length']])
    expect(faults({ id_number: '110101199003070012' })).toEqual([['id_number', 'number.check']])
  })

  it('is not of two birthdays', () => {
    const number = readIdNumber('110101900307001', '2026-11-30') as { number: string }
    expect(faults({ id_number: number.number, birth_date: '1990-03-08' })).toEqual([['birth_date', 'birthAgainstNumber']])
    expect(faults({ id_number: number.number, birth_date: '1990-03-07' })).toEqual([])
  })
})

describe('who looked', () => {
  const reading = (role: string, at: string, position: number) => ({ at, role, area_name: '', purpose: 'own', position, whole_list: false })

  it('lists others one by one and what the slip opened as one line, however many rows one opening makes', () => {
    const readings = [
      reading('resident', '2026-11-20T06:30:05Z', 1),
      reading('resident', '2026-11-20T06:30:09Z', 2),
      reading('clerk', '2026-11-20T07:00:00Z', 3),
      reading('resident', '2026-11-21T06:30:00Z', 4),
      reading('community_secretary', '2026-11-19T07:00:00Z', 5),
    ]
    const { others, own } = whoLooked(readings)
    expect(others.map(({ position }) => position)).toEqual([3, 5])
    expect(own).toEqual({ times: 2, last: '2026-11-21T06:30:00Z' })
  })

  it('says nothing of a slip that nobody looked with', () => {
    expect(whoLooked([reading('clerk', '2026-11-20T07:00:00Z', 3)]).own).toBeNull()
    expect(whoLooked([])).toEqual({ others: [], own: null })
  })
})
