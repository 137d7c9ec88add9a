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

export function dayName(at: string, locale: string): string {
  return new Date(at).toLocaleDateString(locale, { timeZone: zone() })
}

/** Hour and minute. */
export function hourName(at: string, locale: string): string {
  return new Date(at).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone() })
}

/** The year too: for what is printed. */
export function fullTime(at: string, locale: string): string {
  return new Date(at).toLocaleString(locale, { hourCycle: 'h23', timeZone: zone() })
}

/** What was typed by the browser's clock, in the deployment's, with the weekday; null where both are the same or nothing whole is typed. */
export function deploymentTime(typed: string, locale: string): string | null {
  const at = new Date(typed)
  if (typed === '' || Number.isNaN(at.getTime()) || -at.getTimezoneOffset() === offsetHours.value * 60) return null
  return at.toLocaleString(locale, { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone() })
}
