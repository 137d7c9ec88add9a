/** Days and hours as the deployment counts them, whatever zone the reader's computer is in. */
import { ref } from 'vue'
import { campaignDay, dayText } from '@core/doors/day'

/** The deployment's hours ahead of UTC: the server says so at sign-in. */
export const offsetHours = ref(8)

/** The zone's name, which has the sign the other way round: Etc/GMT-8 is eight hours ahead. */
export function zone(): string {
  return `Etc/GMT${offsetHours.value < 0 ? '+' : '-'}${Math.abs(offsetHours.value)}`
}

export function dayOf(instant: number): number {
  return campaignDay(instant, offsetHours.value)
}

/** Today as YYYY-MM-DD, or so many days from it. */
export function today(ahead = 0): string {
  return dayText(dayOf(Date.now()) + ahead)
}

const DAY = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
export const HOUR = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const FULL = { ...DAY, hour: 'numeric', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const SPOKEN = { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long', ...HOUR } as const

/** By the language and the zone that they are for. */
const formats = new Map<Intl.DateTimeFormatOptions, Map<string, Intl.DateTimeFormat>>()

/** As the reader's language writes it. To make a format costs more than a row of a long list: each is made once. */
export function written(at: string | Date, locale: string, how: Intl.DateTimeFormatOptions): string {
  const made = formats.get(how) ?? formats.set(how, new Map()).get(how)!
  const wanted = `${locale} ${zone()}`
  const format = made.get(wanted) ?? made.set(wanted, new Intl.DateTimeFormat(locale, { ...how, timeZone: zone() })).get(wanted)!
  return format.format(new Date(at))
}

export function dayName(at: string, locale: string): string {
  return written(at, locale, DAY)
}

/** Hour and minute. */
export function hourName(at: string, locale: string): string {
  return written(at, locale, HOUR)
}

/** The year too: for what is printed. */
export function fullTime(at: string, locale: string): string {
  return written(at, locale, FULL)
}

/** What was typed by the browser's clock, in the deployment's, with the weekday; null where both are the same or nothing whole is typed. */
export function deploymentTime(typed: string, locale: string): string | null {
  const at = new Date(typed)
  if (typed === '' || Number.isNaN(at.getTime()) || -at.getTimezoneOffset() === offsetHours.value * 60) return null
  return written(at, locale, SPOKEN)
}
