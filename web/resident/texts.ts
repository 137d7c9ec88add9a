import { createTexts } from '@core/i18n'
import chinese from './messages/zh-CN'

/** Residents are not only those who read Chinese; the third language is written from the right. */
export const LANGUAGES = ['zh-CN', 'en', 'ar'] as const
export type Language = (typeof LANGUAGES)[number]

export const { i18n, choose, translate } = createTexts<Language>(chinese, {
  en: async () => (await import('./messages/en')).default,
  ar: async () => (await import('./messages/ar')).default,
})
