/**
 * The texts of a page, under the names that vue-i18n gives them and without its weight: a page needs a look-up, slots to fill in and
 * one that is read anew when the language changes. Chinese is the source and always loaded; another language comes when it is chosen.
 */
import { inject, ref, shallowRef, type App, type InjectionKey, type Ref } from 'vue'
import { interpolate } from './interpolate'

/** The languages of those who work with wanjia. */
export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]

/** Messages of one language: nested objects of text. */
export type Messages = { [key: string]: string | Messages }

/** What a key says, filled in. A key that nobody wrote is said as it stands, so that it is seen. */
export type Translate = (key: string, named?: Record<string, unknown>) => string

export interface Texts {
  t: Translate
  /** Whether the language that is spoken has the key. */
  te: (key: string) => boolean
  locale: Ref<string>
}

const TEXTS: InjectionKey<Texts> = Symbol('texts')
const SOURCE = 'zh-CN'
const STORED = 'wanjia.locale'
const FROM_THE_RIGHT: readonly string[] = ['ar']

export function useI18n(): Texts {
  return inject(TEXTS)!
}

/** What comes later lies over what is there, key by key. */
export function merged(first: Messages, later: Messages): Messages {
  const both = { ...first }
  for (const [key, value] of Object.entries(later)) {
    const known = both[key]
    both[key] = typeof known === 'object' && typeof value === 'object' ? merged(known, value) : value
  }
  return both
}

function find(messages: Messages | undefined, key: string): string | undefined {
  let found: string | Messages | undefined = messages
  for (const part of key.split('.')) found = typeof found === 'object' ? found[part] : undefined
  return typeof found === 'string' ? found : undefined
}

export function createTexts<Name extends string = Locale>(chinese: Messages, others: Record<Exclude<Name, 'zh-CN'>, () => Promise<Messages>>) {
  const known = shallowRef<Partial<Record<string, Messages>>>({ [SOURCE]: chinese })
  const locale = ref<string>(SOURCE)
  /** A message is taken apart once, and not for each of five hundred doors. */
  const taken = new Map<string, ReturnType<typeof interpolate>>()

  const translate: Translate = (key, named = {}) => {
    const message = find(known.value[locale.value], key) ?? find(known.value[SOURCE], key)
    if (message === undefined) return key
    let filled = taken.get(message)
    if (filled === undefined) taken.set(message, (filled = interpolate(message)))
    return filled(named)
  }
  const te = (key: string): boolean => find(known.value[locale.value], key) !== undefined
  const setLocaleMessage = (name: string, messages: Messages): void => {
    known.value = { ...known.value, [name]: messages }
  }
  const mergeLocaleMessage = (name: string, later: Messages): void => setLocaleMessage(name, merged(known.value[name] ?? {}, later))

  const i18n = {
    global: { te, locale, setLocaleMessage, mergeLocaleMessage },
    install: (app: App): void => {
      app.provide(TEXTS, { t: translate, te, locale })
    },
  }

  async function choose(name: Name): Promise<void> {
    // First of all: a page that is loaded again while the words come is in that language, too.
    localStorage.setItem(STORED, name)
    if (known.value[name] === undefined) setLocaleMessage(name, await others[name as Exclude<Name, 'zh-CN'>]())
    locale.value = name
    document.documentElement.lang = name
    document.documentElement.dir = FROM_THE_RIGHT.includes(name) ? 'rtl' : 'ltr'
  }

  return { i18n, choose, translate }
}

/** What was chosen here before, else what the browser asks for, else English. */
export function storedLocale<Name extends string>(names: readonly Name[]): Name {
  const stored = localStorage.getItem(STORED)
  const wished = navigator.language.toLowerCase().split('-')[0]!
  return names.find((name) => name === stored) ?? names.find((name) => name.toLowerCase().split('-')[0] === wished) ?? names.find((name) => name === 'en')!
}
