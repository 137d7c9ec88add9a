/** Days and times as the campaign counts them, in figures that every language of the page reads. */
const ZONE = 'Asia/Shanghai'
const SWEDISH = 'sv-SE'
/** Written from the left wherever it stands: among Arabic words the year would come last. */
const fromLeft = (text: string) => `\u2066${text}\u2069`

/** YYYY-MM-DD, for reckoning with */
export const plainDay = (instant: Date) => instant.toLocaleDateString(SWEDISH, { timeZone: ZONE })

/** YYYY-MM-DD */
export const dayOf = (instant: string) => fromLeft(plainDay(new Date(instant)))

/** YYYY-MM-DD HH:MM */
export const timeOf = (instant: string) => fromLeft(new Date(instant).toLocaleString(SWEDISH, { timeZone: ZONE, dateStyle: 'short', timeStyle: 'short' }))

/** HH:MM, what a clock of the campaign shows */
export const clockOf = (instant: Date) => instant.toLocaleTimeString(SWEDISH, { timeZone: ZONE, hour: '2-digit', minute: '2-digit' })

/** Of which half of the day a clock shows the time. */
export const halfOf = (clock: string): 'am' | 'pm' => (clock < '12:00' ? 'am' : 'pm')
