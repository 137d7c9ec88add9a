/** A small line of a figure over days, in the units of its own box. */
export interface Day {
  on: string
  value?: number
}

/** The runs of days that have a value, as points of a box so wide and high; a day without one is a gap and not nought. */
export function runs(series: readonly Day[], width: number, height: number): { x: number; y: number }[][] {
  const values = series.flatMap(({ value }) => (value === undefined ? [] : [value]))
  if (values.length === 0) return []
  const low = Math.min(...values)
  const span = Math.max(...values) - low
  const step = series.length < 2 ? 0 : width / (series.length - 1)
  const found: { x: number; y: number }[][] = [[]]
  series.forEach(({ value }, at) => {
    if (value === undefined) {
      if (found.at(-1)!.length > 0) found.push([])
      return
    }
    // What never changes runs along the middle.
    found.at(-1)!.push({ x: at * step, y: span === 0 ? height / 2 : height - ((value - low) / span) * height })
  })
  return found.filter((run) => run.length > 0)
}
