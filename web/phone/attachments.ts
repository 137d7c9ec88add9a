/** Sends the pictures that facts name, each after its fact. Loaded when there is one. */
import { call, Refused } from '@core/api/client'
import { base64 } from '@core/ledger/bytes'
import { idText } from '@core/ledger/uuid'
import { db, type Attachment } from './db'
import type { Sender } from './sync'

/** A picture through a stairwell. */
const PATIENCE = 120_000

/** A locked phone sends them too: that the bytes are those of a signed fact is enough. */
export async function sendAttachments(sender: Sender): Promise<void> {
  for (const attachment of await db.attachments.where('fate').equals('waiting').toArray()) {
    const fact = await db.outbox.get(attachment.sequence)
    if (fact?.receipt) await send(sender, attachment)
  }
}

async function send(sender: Sender, { id, sequence, name, content, sealedKey }: Attachment): Promise<void> {
  const series = idText(sender.series)
  const headers = {
    'content-type': 'application/octet-stream',
    'x-sealed-key': base64(sealedKey),
    ...('token' in sender ? { authorization: `Device ${series}:${sender.token}` } : {}),
  }
  try {
    await call('/v1/attachments', { method: 'POST', query: { series, sequence, name }, headers, body: content, patience: PATIENCE, bare: true })
    await db.attachments.delete(id)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { status } = error.problem
    // What it belongs to is erased: nothing of it is kept here either.
    if (status === 410) await db.attachments.delete(id)
    else if ([409, 413, 415, 422].includes(status)) await db.attachments.update(id, { fate: 'refused' })
    // The fact waits for a programme that is not published yet: with the next round again.
    else if (status !== 404) throw error
  }
}
