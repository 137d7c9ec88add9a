import { nextTick, shallowRef } from 'vue'
import { prepare } from '@core/ledger/signature'
import { db, setting, storedIdentity, type Identity } from './db'
import { holdKey, isKeeping, kept, phase } from './vault'

/** Who this phone belongs to; null until it is enrolled, and while it is locked. */
export const identity = shallowRef<Identity | null>(null)
/** Hours that the campaign's days are ahead of UTC. */
export const offsetHours = shallowRef(8)
/** Enrolled since the app was opened: she is greeted. */
export const greeted = shallowRef(false)

/** Without a touch for this long the phone locks itself, in milliseconds. */
export const IDLE = 10 * 60_000

/** How the phone finds itself when the app is opened. */
export async function begin(): Promise<void> {
  await db.open()
  if ((await setting('lock')) !== undefined) phase.value = 'locked'
  else if ((await setting('identity')) !== undefined) phase.value = 'unsealed'
}

/** Reads who the phone belongs to, once it is open. */
export async function comeIn(): Promise<void> {
  const known = (await storedIdentity()) ?? null
  identity.value = known
  if (known === null) return
  offsetHours.value = known.offsetHours
  void prepare(known.key)
}

/**
 * The screens go at once; the key and whatever was read with it once what was tapped is written. What was being typed is
 * kept as a draft, sealed.
 */
export async function lockNow(): Promise<void> {
  if (phase.value !== 'open') return
  phase.value = 'locked'
  // What was typed last begins to be kept as the screens go.
  await nextTick()
  await kept()
  // She may have opened it again meanwhile.
  if (phase.value !== 'locked') return
  identity.value = null
  holdKey(null)
}

/** Locks after a while without a touch, also when the app comes back from the background after it. */
export function lockWhenIdle(): void {
  let touched = Date.now()
  const look = (): void => {
    // A clock that was set back counts as time that passed.
    if (Math.abs(Date.now() - touched) > IDLE) void lockNow()
  }
  for (const kind of ['pointerdown', 'keydown', 'scroll'] as const) {
    addEventListener(
      kind,
      () => {
        look()
        touched = Date.now()
      },
      { capture: true, passive: true },
    )
  }
  document.addEventListener('visibilitychange', look)
  // A page that is closed while something is being written asks first, where the browser lets it.
  addEventListener('beforeunload', (event) => {
    if (isKeeping()) event.preventDefault()
  })
  setInterval(look, 15_000)
}
