/** One i18n instance a page; Chinese is the source and always loaded, another language comes when it is chosen. */
import { createI18n } from 'vue-i18n'
import { interpolate } from './interpolate'

/** The languages of those who work with wanjia. */
export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]

/** Messages of one language: nested objects of text. */
export type Messages = { [key: string]: string | Messages }

export type Translate = (key: string, named?: Record<string, unknown>) => string

const STORED = 'wanjia.locale'
const FROM_THE_RIGHT: readonly string[] = ['ar']

export function createTexts<Name extends string = Locale>(chinese: Messages, others: Record<Exclude<Name, 'zh-CN'>, () => Promise<Messages>>) {
  const i18n = createI18n({
    legacy: false,
    locale: 'zh-CN',
    fallbackLocale: 'zh-CN',
    messages: { 'zh-CN': chinese as never },
    messageCompiler: interpolate as never,
  })

  async function choose(locale: Name): Promise<void> {
    // First of all: a page that is loaded again while the words come is in that language, too.
    localStorage.setItem(STORED, locale)
    const global = i18n.global
    if (!(global.availableLocales as string[]).includes(locale)) {
      global.setLocaleMessage(locale as never, (await others[locale as Exclude<Name, 'zh-CN'>]()) as never)
    }
    ;(global.locale as unknown as { value: string }).value = locale
    document.documentElement.lang = locale
    document.documentElement.dir = FROM_THE_RIGHT.includes(locale) ? 'rtl' : 'ltr'
  }

  const { t: translate } = i18n.global as unknown as { t: Translate }
  return { i18n, choose, translate }
}

/** What was chosen here before, else what the browser asks for, else English. */
export function storedLocale<Name extends string>(names: readonly Name[]): Name {
  const stored = localStorage.getItem(STORED)
  const wished = navigator.language.toLowerCase().split('-')[0]!
  return names.find((name) => name === stored) ?? names.find((name) => name.toLowerCase().split('-')[0] === wished) ?? names.find((name) => name === 'en')!
}
