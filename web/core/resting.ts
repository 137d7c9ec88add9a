/** A finger that trembles taps twice: after an answer the buttons rest, so that the second tap is none for the next door. */
import { ref } from 'vue'

/** Milliseconds: a tremble is over by then, and whoever does a door in a second is not held up. */
export const REST = 600
/** Where the tap only shows what else is asked about the same door. */
export const SHORT_REST = 300

export const resting = ref(false)
let until = -Infinity
let timer: ReturnType<typeof setTimeout> | undefined

/** Whether the tap of this time, milliseconds on the events' clock, was meant; if so the buttons rest from then on. */
export function meant(at: number, rest = REST): boolean {
  if (at < until) return false
  until = at + rest
  resting.value = true
  clearTimeout(timer)
  timer = setTimeout(() => (resting.value = false), rest)
  return true
}
