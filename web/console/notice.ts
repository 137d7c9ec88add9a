/** One line that says what was done, or why it was not; it leaves by itself. */
import { shallowRef } from 'vue'

export interface Notice {
  text: string
  tone: 'done' | 'wrong'
}

const SHOWN_FOR = 6_000

export const notice = shallowRef<Notice | null>(null)
/** The server has other pages by now: a part of these could not be fetched. */
export const outdated = shallowRef(false)
let timer: ReturnType<typeof setTimeout> | undefined

/** What was said on one page is not said on the next. */
export function hush(): void {
  clearTimeout(timer)
  notice.value = null
}

export function say(text: string, tone: Notice['tone'] = 'done'): void {
  clearTimeout(timer)
  notice.value = { text, tone }
  timer = setTimeout(() => {
    notice.value = null
  }, SHOWN_FOR)
}
