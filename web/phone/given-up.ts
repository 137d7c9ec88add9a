/** A phone that its owner clears tells the server first, so that nobody is offered as a colleague who has no phone any more. */
import { idText } from '@core/ledger/uuid'
import type { Identity } from './db'
import { ask } from './sync'

/** For so long the clearing waits for an answer, in milliseconds. */
const PATIENCE = 3000

/** Clearing is hers to do without a signal: whatever comes of the telling, it goes on. */
export async function giveUp(identity: Identity): Promise<void> {
  await ask(identity, Date.now, `/v1/devices/${idText(identity.series)}`, { method: 'DELETE', patience: PATIENCE }).catch(() => undefined)
}
