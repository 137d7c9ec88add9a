/** The line that confirms a save, with a way back while there is one. */
import { shallowRef } from 'vue'

export interface Notice {
  text: string
  /** The visit that can be taken back, if any. */
  visit: number | null
}

const SHOWN_FOR = 6_000

export const notice = shallowRef<Notice | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

export function say(text: string, visit: number | null = null): void {
  clearTimeout(timer)
  notice.value = { text, visit }
  timer = setTimeout(() => {
    notice.value = null
  }, SHOWN_FOR)
}

export function hush(): void {
  clearTimeout(timer)
  notice.value = null
}
