/** One i18n instance a page; Chinese is the source and always loaded, English comes when it is chosen. */
import { createI18n } from 'vue-i18n'
import { interpolate } from './interpolate'

export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]

/** Messages of one language: nested objects of text. */
export type Messages = { [key: string]: string | Messages }

export type Translate = (key: string, named?: Record<string, unknown>) => string

const STORED = 'wanjia.locale'

export function createTexts(chinese: Messages, loadEnglish: () => Promise<Messages>) {
  const i18n = createI18n({
    legacy: false,
    locale: 'zh-CN',
    fallbackLocale: 'zh-CN',
    messages: { 'zh-CN': chinese as never },
    messageCompiler: interpolate as never,
  })

  async function choose(locale: Locale): Promise<void> {
    const global = i18n.global
    if (locale === 'en' && !(global.availableLocales as string[]).includes('en')) {
      global.setLocaleMessage('en' as never, (await loadEnglish()) as never)
    }
    ;(global.locale as unknown as { value: string }).value = locale
    document.documentElement.lang = locale
    localStorage.setItem(STORED, locale)
  }

  const { t: translate } = i18n.global as unknown as { t: Translate }
  return { i18n, choose, translate }
}

export function storedLocale(): Locale {
  const stored = localStorage.getItem(STORED)
  if (stored === 'en' || stored === 'zh-CN') return stored
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}
