/** Enrolment: the key is made here, only its public half leaves, and the answer becomes this phone's identity. */
import { call } from '@core/api/client'
import type { Enrolment } from '@core/api/types'
import { base64, fromBase64 } from '@core/ledger/bytes'
import { makeDeviceKey } from '@core/ledger/signature'
import { freshId, idBytes, idText } from '@core/ledger/uuid'
import { db, keep, type Identity } from './db'
import { phase } from './vault'

export async function enrol(invitation: string, now: number): Promise<Identity> {
  const key = await makeDeviceKey()
  const series = freshId()
  const { body } = await call<Enrolment>('/v1/devices', {
    method: 'POST',
    json: { invitation, series: idText(series), public_key: base64(key.publicKey) },
  })
  const identity: Identity = {
    series,
    key,
    token: body.token,
    actor: idBytes(body.actor),
    workerName: body.worker_name,
    area: body.area,
    offsetHours: body.campaign.offset_hours,
    checkpointKey: fromBase64(body.checkpoint_key),
    enrolledAt: now,
  }
  await db.transaction('rw', db.settings, db.plain, db.outbox, async () => {
    // What another series left behind is at the server, or this one does not begin.
    if ((await db.outbox.where('fate').anyOf('waiting', 'sent').count()) > 0) throw new Error('records of before are not sent yet')
    await db.outbox.clear()
    await keep('identity', identity)
    await keep('device', { series, checkpointKey: identity.checkpointKey })
    await keep('recoveryKey', fromBase64(body.recovery_key))
    await keep('endsAt', body.ends_at ? Date.parse(body.ends_at) : null)
  })
  phase.value = 'unsealed'
  return identity
}

/** The invitation in a pasted link, or the pasted text itself. */
export function invitationIn(pasted: string): string {
  const text = pasted.trim()
  return /#\/enrol\/([^/?\s]+)/.exec(text)?.[1] ?? text
}
