/** Which page is shown: behind the `#`, so that the phone's own "back" goes back. */
import { ref } from 'vue'

export const VIEWS = ['start', 'report', 'help', 'record', 'check', 'correct', 'erase', 'done'] as const
export type View = (typeof VIEWS)[number]

const shown = (): View => VIEWS.find((name) => `#/${name}` === location.hash) ?? 'start'

export const view = ref<View>(shown())
/** What the last thing sent was answered with. */
export const receipts = ref<string[]>([])

addEventListener('hashchange', () => {
  view.value = shown()
  scrollTo(0, 0)
})

export function go(name: View): void {
  location.hash = `/${name}`
}

/** As `go`, without a way back to a form that was sent. */
export function goInstead(name: View): void {
  history.replaceState(null, '', `#/${name}`)
  view.value = name
  scrollTo(0, 0)
}
