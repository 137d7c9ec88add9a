/** Who was recorded at a door and is on no list yet. */
import type { LocalVisit, Newcomer, OutboxFact, PhoneDoor } from './db'

export interface Newcomers {
  /** Recorded by this phone, which knows how they are called. */
  known: Newcomer[]
  /** How many others recorded here. */
  others: number
}

/** Of what this phone recorded the server says who is still on no list; what it has not received yet stands as it was recorded. */
export function newcomersAt({ members, sweeps }: PhoneDoor, sweep: string, visit: LocalVisit | undefined, outbox: readonly OutboxFact[]): Newcomers {
  const own = visit?.sweep === sweep ? (visit.newcomers ?? []) : []
  const told = sweeps.find((known) => known.sweep === sweep)?.unlisted ?? []
  const waits = (sequence: number) => outbox.some((fact) => fact.sequence === sequence && (fact.fate === 'waiting' || fact.fate === 'sent'))
  const listed = (person: string) => members?.some((member) => member.person === person) ?? false
  return {
    known: own.filter(({ person, sequence }) => !listed(person) && (waits(sequence) || told.includes(person))),
    others: told.filter((person) => own.every((one) => one.person !== person)).length,
  }
}
