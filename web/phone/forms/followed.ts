/** What comes of what was filled in at a door: said by the rule that spoke before anything is sent, then by the case that the server tells of. */
import type { CameOf } from '@core/api/types'
import type { OutboxFact, SpokenRule } from '../db'

const DAY = 86_400_000
/** For so long whoever filled something in is told what came of it. */
const FOLLOWED = 14 * DAY
/** For so long the server is asked also where no rule spoke here: some look at more than one form. */
const ASKED = DAY
/** As many as the server answers at once. */
const MOST = 50

/** The answers of which the server is asked what came of them, the newest first. */
export function toAskOf(outbox: readonly OutboxFact[], now: number): OutboxFact[] {
  const wanted = ({ what, fate, madeAt, spoke, came = [] }: OutboxFact) =>
    what === 'answered' && fate === 'accepted' && madeAt > now - (spoke || came.length > 0 ? FOLLOWED : ASKED) && !(came.length > 0 && came.every(({ ended }) => ended))
  return outbox.filter(wanted).reverse().slice(0, MOST)
}

export type Followed = { case: CameOf } | { rule: SpokenRule }

/** What came of what was filled in at a door, each case and each rule once, the latest first: a case where there is one, else the rule that asks for it. */
export function followed(outbox: readonly OutboxFact[], dwelling: string, now: number): Followed[] {
  const own = outbox.filter((fact) => fact.what === 'answered' && fact.dwelling === dwelling && fact.fate !== 'quarantined' && fact.madeAt > now - FOLLOWED).reverse()
  const told = new Map<string, Followed>()
  for (const { spoke = [], came = [] } of own) {
    const here: [string, Followed][] = came.length > 0 ? came.map((one) => [one.case, { case: one }]) : spoke.map((rule) => [rule.id, { rule }])
    for (const [key, one] of here) if (!told.has(key)) told.set(key, one)
  }
  return [...told.values()]
}
