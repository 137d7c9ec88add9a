import { createTexts } from '@core/i18n'
import chinese from './messages/zh-CN'

export const { i18n, choose, translate } = createTexts(chinese, { en: async () => (await import('./messages/en')).default })

let words: Promise<void> | undefined

/** A part that is opened from the list of doors comes with its Chinese, which the list does not wait for. */
export function withWords<Part>(part: () => Promise<Part>): () => Promise<Part> {
  return async () => {
    words ??= import('./messages/zh-CN.later').then((later) => i18n.global.mergeLocaleMessage('zh-CN', later.default))
    const [loaded] = await Promise.all([part(), words])
    return loaded
  }
}
