/** One tap at a door: the shortest entries, with everything not asked filled in. */
import type { Evidence, Light, Outcome } from '@core/ledger/facts'
import { doorTitle, isHome, withLight } from './naming'
import { say } from './notice'
import { recordVisit, type VisitEntry } from './outbox'
import { identity } from './session'
import { isFull, syncSoon } from './syncer'
import { translate } from './texts'
import { foundSoFar, sweep, today, type DoorView } from './doors'

/** Saves the entry on the phone, says so, and lets the sync follow. Never waits for the network. Answers whether it is saved. */
export async function save(entry: VisitEntry): Promise<boolean> {
  if (identity.value === null) throw new Error('a phone that is not enrolled cannot record')
  let visit: number
  try {
    visit = await recordVisit(identity.value, entry, Date.now())
  } catch (error) {
    if (!isFull(error)) throw error
    say(translate('doors.full'))
    return false
  }
  navigator.vibrate?.(20)
  const what = withLight(translate(`outcome.${entry.outcome}`), entry.light)
  say(translate('doors.saved', { door: doorTitle(entry.door), what }), visit)
  syncSoon()
  return true
}

export function quickEntry(row: DoorView, outcome: Outcome, light: Light, evidence: Evidence[]): VisitEntry | null {
  const { door } = row
  if (sweep.value === null) return null
  const seenAll = outcome === 'met'
  return {
    door,
    sweep: sweep.value.id,
    outcome,
    light,
    evidence: light === 'unknown' ? evidence : [...evidence, 'light'],
    recheckOn: outcome === 'no_answer' ? today.value + 1 : null,
    // Whoever works there does not live there.
    occupants: seenAll && isHome(door) ? door.listed : null,
    seen: seenAll ? (door.members ?? []).map(({ person }) => person) : [],
    added: [],
    note: '',
    where: '',
    found: foundSoFar(row, null),
  }
}
