/** How a door stands in a sweep, as a worker sees it: one symbol, one colour, one word. */
import type { Outcome } from '../ledger/facts'

export const DOOR_STATES = ['waiting', 'visited', 'nobody', 'away', 'trouble', 'vacant', 'gone'] as const
export type DoorState = (typeof DOOR_STATES)[number]

/** Colour never stands alone: each state has its own sign. */
export const SIGNS: Record<DoorState, string> = {
  waiting: '○',
  visited: '●',
  nobody: '⌂',
  away: '↗',
  trouble: '!',
  vacant: '–',
  gone: '×',
}

export function doorState(outcome: Outcome | null | undefined): DoorState {
  switch (outcome) {
    case 'met':
    case 'phone':
      return 'visited'
    case 'no_answer':
      return 'nobody'
    case 'away':
      return 'away'
    case 'refused':
      return 'trouble'
    case 'vacant':
      return 'vacant'
    case 'not_exist':
      return 'gone'
    default:
      return 'waiting'
  }
}

/** A door to come back to: its re-check day has come (days since 1970-01-01 in the campaign's zone), or it refused. */
export function recheckDue(outcome: Outcome | null | undefined, recheckOn: number | null, today: number): boolean {
  return outcome === 'refused' || (recheckOn !== null && recheckOn <= today)
}
