/** What time it is, as well as this phone can know it: its own clock, held against what the server said last. See docs/adr/0035. */
import { computed, effectScope, shallowRef } from 'vue'
import { setting, type ServerTime } from './db'
import { useLive } from './live'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** As far as the server believes a phone's clock ahead of its own (ADR 0006), in milliseconds. */
export const TOLERATED = 10 * MINUTE
/** Nobody leaves a phone without a signal for longer: a clock that says so is doubted. */
const BELIEVED = 31 * DAY
/** From here on the days on the screen may be wrong. */
export const DAYS_WRONG = 12 * HOUR

/**
 * The best known time, in milliseconds: what the clock says, as it is or mended by how far it was off when the server
 * was heard last, whichever is not before that moment and nearer to it. Else that moment itself: it is later than that.
 */
export function bestTime(device: number, told: ServerTime | null): number {
  if (told === null) return device
  const mended = device - (told.device - told.server)
  const possible = [mended, device].filter((time) => time >= told.server - TOLERATED && time <= told.server + BELIEVED)
  return possible.length > 0 ? Math.min(...possible) : told.server
}

const scope = effectScope(true)
const told = scope.run(() => useLive(async () => (await setting('serverTime')) ?? null, null as ServerTime | null))!
const device = shallowRef(Date.now())
setInterval(() => {
  device.value = Date.now()
}, MINUTE)

/** The best known time, to the minute. */
export const clock = computed(() => bestTime(device.value, told.value))
/** How far the clock is ahead of it; negative where it is behind. */
export const clockOff = computed(() => device.value - clock.value)
/** The best known time now. */
export const bestNow = (): number => bestTime(Date.now(), told.value)

export interface Span {
  unit: 'minutes' | 'hours' | 'days' | 'years'
  n: number
}

/** How long that is, in the largest unit that says it in whole numbers worth saying. */
export function span(milliseconds: number): Span {
  const length = Math.abs(milliseconds)
  if (length < 2 * HOUR) return { unit: 'minutes', n: Math.round(length / MINUTE) }
  if (length < 2 * DAY) return { unit: 'hours', n: Math.round(length / HOUR) }
  if (length < 730 * DAY) return { unit: 'days', n: Math.round(length / DAY) }
  return { unit: 'years', n: Math.round(length / (365.2425 * DAY)) }
}
