/** The list of doors on the phone. */
import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { countsOf, ofBuilding, type DoorView } from '../phone/doors'

const row = (building: string, outcome: string | null, due = false) => ({ door: { building }, outcome, due, holder: null }) as unknown as DoorView
const rows = [row('1', null), row('1', 'met'), row('1', 'no_answer', true), row('2', null), row('2', null)]

it('counts what each button above it would show, of the building that is looked at or of all', () => {
  expect(countsOf(ofBuilding(rows, null))).toEqual({ waiting: 3, recheck: 1, all: 5 })
  expect(countsOf(ofBuilding(rows, '1'))).toEqual({ waiting: 1, recheck: 1, all: 3 })
  expect(countsOf(ofBuilding(rows, '2'))).toEqual({ waiting: 2, recheck: 0, all: 2 })
})
