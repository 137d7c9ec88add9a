/** What stops the exchange with the server. */
import type { Refused } from '@core/api/client'
import type { PastRewritten } from './db'

/** The server's signed past does not extend what this phone was shown. Never retried: a person must look. */
export class PastWasRewritten extends Error {
  override name = 'PastWasRewritten'
  constructor(readonly record: PastRewritten) {
    super(record.why)
  }
}

/** The server's head and this phone's series disagree about the same sequence. */
export class SeriesForked extends Error {
  override name = 'SeriesForked'
}

/** The phone may read nothing any more: it was revoked, or its deployment has ended. */
export function isOver(error: Refused): boolean {
  return error.code === 'device_revoked' || error.code === 'device_ended'
}
