/** What a second knock that finds nobody says of those who were reached before it. */
import { describe, expect, it } from 'vitest'
import type { DoorSweep } from '@core/api/types'
import type { LocalVisit } from '../phone/db'
import { foundHere, isEveryone } from '../phone/doors'

const local = (extra: Partial<LocalVisit>) => ({ dwelling: 'd', sweep: 's', sequence: 1, outcome: 'no_answer', light: 'unknown', evidence: [], recheckOn: null, seen: [], at: 200, ...extra }) as LocalVisit
const known = (reached: number, outcome: 'met' | 'phone' = 'met'): DoorSweep => ({ sweep: 's', outcome: 'no_answer', found: { at: new Date(100).toISOString(), outcome, reached } })

describe('people who were reached before an empty knock', () => {
  it('are those that the server knows, or this phone where it knows of more', () => {
    expect(foundHere(known(2), local({}))).toEqual({ at: 100, outcome: 'met', reached: 2 })
    expect(foundHere(known(2), local({ found: { at: 150, outcome: 'met', reached: 3 } }))).toEqual({ at: 150, outcome: 'met', reached: 3 })
    expect(foundHere(known(0), local({ outcome: 'met', seen: ['a'] }))).toEqual({ at: 200, outcome: 'met', reached: 1 })
    expect(foundHere({ sweep: 's', outcome: 'no_answer' }, local({}))).toBeNull()
  })

  it('are not those of a record that was taken back', () => {
    expect(foundHere(known(3), local({ instead: 100 }))).toBeNull()
  })

  it('are everyone only if nobody of the list is missing, or all were telephoned', () => {
    const found = { at: 1, outcome: 'met' as const, reached: 2 }
    expect([isEveryone(found, { listed: 3 }), isEveryone(found, { listed: 2 }), isEveryone({ ...found, outcome: 'phone' }, { listed: 3 })]).toEqual([false, true, true])
  })
})
