/** The facts that a phone makes, as payload bytes. Numbers are the ledger's own; see GLOSSARY.md for the words. */
import { encode, type Canonical } from './canonical'
import type { Bytes } from './bytes'

export const Kind = {
  DwellingRegistered: 2,
  Visited: 9,
  PersonSeen: 10,
  Answered: 32,
  CaseActed: 34,
  DoorsOffered: 54,
  DoorsAnswered: 56,
  VisitTakenBack: 61,
} as const

export const OUTCOMES = ['met', 'phone', 'no_answer', 'vacant', 'refused', 'away', 'not_exist'] as const
export type Outcome = (typeof OUTCOMES)[number]

export const LIGHTS = ['unknown', 'on', 'off'] as const
export type Light = (typeof LIGHTS)[number]

export const PLACES = ['home', 'enterprise', 'hotel', 'site', 'market', 'checkpoint', 'other'] as const
export type Place = (typeof PLACES)[number]

export const EVIDENCE = { light: 1, meter: 2, slip_torn: 4, neighbour: 8, slip_left: 16 } as const
export type Evidence = keyof typeof EVIDENCE

const BY_VISIT = 1
const ABOUT = { person: 0, dwelling: 1, worker: 3 } as const

/** In the order of their numbers. */
/** Each in the place of its number in the ledger; the fifth is never a person's. */
export const DEEDS = ['step', 'step_overridden', 'sign', 'offer', 'take', null, 'decline', 'ask', 'reply'] as const
export type Deed = NonNullable<(typeof DEEDS)[number]>

export interface AnsweredFact {
  /** Of a form about a person; null where it is about the household or the place behind the door, or about the worker. */
  person: Uint8Array | null
  /** Of a form about the worker herself, whose door is the id of her area. */
  worker?: Uint8Array | undefined
  dwelling: Uint8Array
  case: Uint8Array | null
  programme: string
  version: string
  form: string
  /** Days since 1970-01-01 in the campaign's zone. */
  on: number
}

export interface CaseActedFact {
  case: Uint8Array
  /** How many steps had run as far as the worker knew. */
  turn: number
  role: string
  deed: Deed
  step: string | null
  /** Of an offer. */
  to: Uint8Array | null
  countedFrom: number | null
}

export interface VisitFact {
  sweep: Uint8Array
  dwelling: Uint8Array
  outcome: Outcome
  light: Light
  evidence: readonly Evidence[]
  /** Days since 1970-01-01 in the campaign's zone. */
  recheckOn: number | null
  occupants: number | null
}

/** `at` is the device's claim, in milliseconds since 1970 UTC; `actor` 16 bytes. */
export function payload(kind: number, at: number, actor: Uint8Array, body: readonly Canonical[]): Bytes {
  return encode([kind, at, actor, body])
}

export function visitedBody(visit: VisitFact): Canonical[] {
  return [
    visit.sweep,
    visit.dwelling,
    OUTCOMES.indexOf(visit.outcome),
    LIGHTS.indexOf(visit.light),
    visit.evidence.reduce((bits, name) => bits | EVIDENCE[name], 0),
    visit.recheckOn,
    visit.occupants,
  ]
}

export function personSeenBody(sweep: Uint8Array, dwelling: Uint8Array, person: Uint8Array): Canonical[] {
  return [sweep, dwelling, person]
}

/** Facts of this series from `first` on, which said what a visit to this door found, were recorded wrongly. */
export function visitTakenBackBody(sweep: Uint8Array, dwelling: Uint8Array, first: number, facts: number): Canonical[] {
  return [sweep, dwelling, first, facts]
}

export function answeredBody(fact: AnsweredFact): Canonical[] {
  const { person, worker, dwelling, programme, version, form, on } = fact
  const subject = person !== null ? [ABOUT.person, person] : worker !== undefined ? [ABOUT.worker, worker] : [ABOUT.dwelling, dwelling]
  return [...subject, dwelling, fact.case, programme, version, form, on]
}

export function caseActedBody(fact: CaseActedFact): Canonical[] {
  return [fact.case, fact.turn, fact.role, DEEDS.indexOf(fact.deed), fact.step, fact.to, fact.countedFrom]
}

/** In the order of their numbers. */
export const HAND_OVER_ANSWERS = ['taken', 'declined', 'withdrawn'] as const
export type HandOverAnswer = (typeof HAND_OVER_ANSWERS)[number]

export function doorsOfferedBody(handOver: Uint8Array, sweep: Uint8Array, to: Uint8Array, doors: readonly Uint8Array[]): Canonical[] {
  return [handOver, sweep, to, [...doors]]
}

export function doorsAnsweredBody(handOver: Uint8Array, answer: HandOverAnswer): Canonical[] {
  return [handOver, HAND_OVER_ANSWERS.indexOf(answer)]
}

export interface DoorAddress {
  areaCode: string
  building: string
  unit: string
  room: string
  place: Place
}

export function dwellingRegisteredBody(dwelling: Uint8Array, address: DoorAddress): Canonical[] {
  const { areaCode, building, unit, room, place } = address
  return [dwelling, areaCode, building, unit, room, PLACES.indexOf(place), BY_VISIT]
}

export interface PersonContent {
  name: string
  sex: '男' | '女' | ''
  /** YYYY-MM-DD or empty. */
  birthDate: string
  idNumber: string
  phone: string
  relation: string
  note: string
}

/** Plaintext of content whose owner is a person. */
export function personContent(person: PersonContent): Bytes {
  const { name, sex, birthDate, idNumber, phone, relation, note } = person
  return encode([name, sex, birthDate, idNumber, phone, relation, note])
}

/** Plaintext of a visit's note, whose owner is the dwelling: note, where an away household is, and who came, which on a
 * phone the fact's actor says already. */
export function visitContent(note: string, where: string): Bytes {
  return encode([note, where, ''])
}
