/** What a second knock that finds nobody says of those who were reached before it. */
import { describe, expect, it } from 'vitest'
import type { DoorSweep } from '@core/api/types'
import type { LocalVisit, OutboxFact } from '../phone/db'
import { foundHere, isEveryone, missedAt, type DoorView } from '../phone/doors'
import { outbox } from '../phone/syncer'

const local = (extra: Partial<LocalVisit>) => ({ dwelling: 'd', sweep: 's', sequence: 1, outcome: 'no_answer', light: 'unknown', evidence: [], recheckOn: null, seen: [], at: 200, ...extra }) as LocalVisit
const known = (reached: number, outcome: 'met' | 'phone' = 'met'): DoorSweep => ({ sweep: 's', outcome: 'no_answer', found: { at: new Date(100).toISOString(), outcome, reached } })

describe('people who were reached before an empty knock', () => {
  it('are those that the server knows, or this phone where it knows of more', () => {
    expect(foundHere(known(2), local({}), 3)).toEqual({ at: 100, outcome: 'met', reached: 2 })
    expect(foundHere(known(2), local({ found: { at: 150, outcome: 'met', reached: 3 } }), 3)).toEqual({ at: 150, outcome: 'met', reached: 3 })
    expect(foundHere(known(0), local({ outcome: 'met', seen: ['a'] }), 3)).toEqual({ at: 200, outcome: 'met', reached: 1 })
    expect(foundHere({ sweep: 's', outcome: 'no_answer' }, local({}), 3)).toBeNull()
  })

  it('are not those of a record that was taken back', () => {
    expect(foundHere(known(3), local({ instead: 100 }), 3)).toBeNull()
  })

  it('are everyone only if nobody of the list is missing, though the others were telephoned', () => {
    const found = { at: 1, outcome: 'met' as const, reached: 2 }
    expect([isEveryone(found, { listed: 3 }), isEveryone(found, { listed: 2 }), isEveryone({ ...found, outcome: 'phone' }, { listed: 3 })]).toEqual([false, true, false])
  })

  it('are all who were listed when a call of this phone reached them, until the server tells', () => {
    const here = outbox as { value: OutboxFact[] }
    const called = local({ sequence: 7, outcome: 'phone' })
    here.value = [{ sequence: 7, fate: 'waiting' } as OutboxFact]
    expect(foundHere(undefined, called, 3)).toEqual({ at: 200, outcome: 'phone', reached: 3 })
    here.value = []
    expect(foundHere(known(2, 'phone'), called, 3)).toEqual({ at: 200, outcome: 'phone', reached: 2 })
  })
})

describe('a door where only some were met', () => {
  const members = ['王东军', '李梅', '王小宝'].map((name, at) => ({ person: String(at), name, relation: '' }))
  const door = (listed: number, sweeps: DoorSweep[] = []) => ({ listed, members: members.slice(0, listed), sweeps })
  const row = (extra: Partial<DoorView>) => ({ outcome: 'met', door: door(3), local: null, ...extra }) as unknown as DoorView

  it('says how many, and by name who is left, where this phone met all who were met', () => {
    expect(missedAt(row({ local: local({ outcome: 'met', seen: ['1'] }) }))).toEqual({ n: 1, left: 2, names: ['王东军', '王小宝'] })
    expect(missedAt(row({ local: local({ outcome: 'met', seen: ['0', '1', '2'] }) }))).toBeNull()
    expect(missedAt(row({ outcome: 'no_answer', local: local({ found: { at: 1, outcome: 'met', reached: 1 } }) }))).toBeNull()
  })
})
