/** The dialog that lies on top: whatever must stay in reach while it is open (a notice with "undo") is put inside it. */
import { shallowRef, triggerRef } from 'vue'

const open = shallowRef<HTMLElement[]>([])

export function topDialog(): HTMLElement | null {
  return open.value.at(-1) ?? null
}

export function enter(dialog: HTMLElement): void {
  open.value.push(dialog)
  triggerRef(open)
}

export function leave(dialog: HTMLElement): void {
  open.value = open.value.filter((other) => other !== dialog)
}
