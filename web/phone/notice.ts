/** The line that confirms a save, with a way back while there is one. */
import { ref, shallowRef } from 'vue'

export interface Notice {
  text: string
  /** The visit that can be taken back, if any. */
  visit: number | null
}

/** Milliseconds. */
export const shownFor = ref(6_000)

export const notice = shallowRef<Notice | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

export function say(text: string, visit: number | null = null): void {
  clearTimeout(timer)
  notice.value = { text, visit }
  timer = setTimeout(() => {
    notice.value = null
  }, shownFor.value)
}

/** The line stays until something else is said: a way back that was begun does not close under the thumb. */
export function stay(): void {
  clearTimeout(timer)
}

export function hush(): void {
  clearTimeout(timer)
  notice.value = null
}

/** The visit whose way back is on screen: nothing of it leaves the phone meanwhile. */
export function held(): number | null {
  return notice.value?.visit ?? null
}
