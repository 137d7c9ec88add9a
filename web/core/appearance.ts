/** Text size and contrast: kept on the phone, applied to the page before anything is drawn. */
import { ref, watch, watchEffect } from 'vue'
import { prefersContrast } from '@core/contrast'

export const SIZES = ['standard', 'large', 'elder'] as const
export type Size = (typeof SIZES)[number]

const STORED_SIZE = 'wanjia.size'
const STORED_CONTRAST = 'wanjia.contrast'

const stored = localStorage.getItem(STORED_SIZE)
export const size = ref<Size>(SIZES.find((name) => name === stored) ?? 'standard')
/** The system's wish, until someone says otherwise here. */
const kept = localStorage.getItem(STORED_CONTRAST)
export const highContrast = ref(kept === null ? prefersContrast.matches : kept === 'high')

watchEffect(() => {
  document.documentElement.dataset.size = size.value
  localStorage.setItem(STORED_SIZE, size.value)
})

watchEffect(() => {
  document.documentElement.dataset.contrast = highContrast.value ? 'high' : 'normal'
})

watch(highContrast, (high) => localStorage.setItem(STORED_CONTRAST, high ? 'high' : 'normal'))
