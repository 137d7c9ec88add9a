/** A typed day, said as the page's language writes it: the browser's own input has an order of its own. */
export interface DayParts {
  year: string
  month: string
  day: string
}

/** `YYYY-MM-DD`, or with `THH:MM`, with the weekday; null while it is not whole. */
export function typedDay(value: string, locale: string): string | null {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(value)) return null
  const at = new Date(`${value}${value.includes('T') ? '' : 'T00:00'}Z`)
  if (Number.isNaN(at.getTime())) return null
  const time = value.includes('T') ? ({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const) : {}
  // In figures that every office reads, whatever the language.
  return at.toLocaleString(`${locale}-u-nu-latn`, { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long', ...time, timeZone: 'UTC' })
}

/** In which order the browser's own input wants year, month and day: that of the browser, which need not be the page's. */
export function typedOrder(names: DayParts, browser: string | undefined = undefined): string {
  const parts = new Intl.DateTimeFormat(browser, { year: 'numeric', month: 'numeric', day: 'numeric' }).formatToParts(new Date(0))
  const order = parts.map(({ type }) => type).filter((type) => type === 'year' || type === 'month' || type === 'day')
  return order.map((type) => names[type]).join(' / ')
}
