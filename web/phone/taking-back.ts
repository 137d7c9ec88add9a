/** Taking back what this phone recorded of a door, with nothing recorded instead: it was never knocked at. See docs/adr/0039. */
import { Kind, visitTakenBackBody } from '@core/ledger/facts'
import { idBytes } from '@core/ledger/uuid'
import { db, type Identity, type LocalVisit, type PhoneDoor } from './db'
import { isTold } from './doors'
import { factsOf, write, type Draft } from './outbox'

/** The door stands as what is left says: what this phone knows of it until the server tells the rest. */
export async function recordTakenBack(identity: Identity, door: PhoneDoor, wrong: LocalVisit, now: number): Promise<void> {
  const { dwelling } = door
  const body = visitTakenBackBody(idBytes(wrong.sweep), idBytes(dwelling), wrong.sequence, factsOf(wrong))
  const draft: Draft = { kind: Kind.VisitTakenBack, body, content: null, what: 'taken_back' }
  await write(identity, [draft], door, null, now, [db.doors, db.visits, db.visitDrafts], async () => {
    // What it stood instead of is taken back as well.
    const before = wrong.instead == null ? wrong.before : null
    await (before ? db.visits.put(before) : db.visits.delete(dwelling))
    await db.visitDrafts.delete(dwelling)
    const sweeps = door.sweeps.filter((known) => known.sweep !== wrong.sweep || !isTold(known, wrong))
    await db.doors.update(dwelling, { sweeps })
  })
}
