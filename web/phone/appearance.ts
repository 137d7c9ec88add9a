/** Text size and contrast: kept on the phone, applied to the page before anything is drawn. */
import { ref, watchEffect } from 'vue'

export const SIZES = ['standard', 'large', 'elder'] as const
export type Size = (typeof SIZES)[number]

const STORED_SIZE = 'wanjia.size'
const STORED_CONTRAST = 'wanjia.contrast'

const stored = localStorage.getItem(STORED_SIZE)
export const size = ref<Size>(SIZES.find((name) => name === stored) ?? 'standard')
export const highContrast = ref(localStorage.getItem(STORED_CONTRAST) === 'high')

watchEffect(() => {
  document.documentElement.dataset.size = size.value
  localStorage.setItem(STORED_SIZE, size.value)
})

watchEffect(() => {
  const contrast = highContrast.value ? 'high' : 'normal'
  document.documentElement.dataset.contrast = contrast
  localStorage.setItem(STORED_CONTRAST, contrast)
})
