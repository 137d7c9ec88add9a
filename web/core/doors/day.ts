/** Calendar days of the campaign: days since 1970-01-01 in a zone with a fixed offset (China keeps +08:00 all year). */
const HOUR = 3_600_000
const DAY = 24 * HOUR

export function campaignDay(instant: number, offsetHours: number): number {
  return Math.floor((instant + offsetHours * HOUR) / DAY)
}

/** YYYY-MM-DD. */
export function dayText(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10)
}

/** What the clock of this device shows, to the minute. */
export function clockText(at = new Date()): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

export function dayFromText(text: string): number {
  const instant = Date.parse(`${text}T00:00:00Z`)
  if (Number.isNaN(instant)) throw new Error(`not a date: ${text}`)
  return instant / DAY
}

/** The instant at which a due date or time is over: a date lasts until its day ends. */
export function dueAt(due: string, offsetHours = 8): number {
  return due.length === 10 ? (dayFromText(due) + 1) * DAY - offsetHours * HOUR - 1 : Date.parse(due)
}
