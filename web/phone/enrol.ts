/** Enrolment: the key is made here, only its public half leaves, and the answer becomes this phone's identity. */
import { call } from '@core/api/client'
import type { Enrolment } from '@core/api/types'
import { base64, fromBase64 } from '@core/ledger/bytes'
import { makeDeviceKey } from '@core/ledger/signature'
import { freshId, idBytes, idText } from '@core/ledger/uuid'
import { keep, type Identity } from './db'

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
    origin: null,
    enrolledAt: now,
  }
  await keep('identity', identity)
  return identity
}

/** The invitation in a pasted link, or the pasted text itself. */
export function invitationIn(pasted: string): string {
  const text = pasted.trim()
  return /#\/enrol\/([^/?\s]+)/.exec(text)?.[1] ?? text
}
