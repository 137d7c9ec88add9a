import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import consoleEnglish from '../console/messages/en'
import consoleChinese from '../console/messages/zh-CN'
import { interpolate } from '@core/i18n/interpolate'
import phoneEnglish from '../phone/messages/en'
import phoneChinese from '../phone/messages/zh-CN'
import phoneLater from '../phone/messages/zh-CN.later'
import residentArabic from '../resident/messages/ar'
import residentEnglish from '../resident/messages/en'
import residentChinese from '../resident/messages/zh-CN'
import { SLIP } from '../console/slip'
import type { Messages } from '@core/i18n'
import { Refused } from '@core/api/client'

function flat(messages: Messages, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(messages).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  )
}

/** As vue-i18n merges what comes later. */
function merged(first: Messages, later: Messages): Messages {
  const both = { ...first }
  for (const [key, value] of Object.entries(later)) {
    const known = both[key]
    both[key] = typeof known === 'object' && typeof value === 'object' ? merged(known, value) : value
  }
  return both
}

const slots = (message: string) => [...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort()

describe.each([
  ['phone', merged(phoneChinese, phoneLater), phoneEnglish],
  ['console', consoleChinese, consoleEnglish],
  ['slip', SLIP['zh-CN'], SLIP.en],
  ['slip from the right', SLIP['zh-CN'], SLIP.ar],
  ['resident’s page', residentChinese, residentEnglish],
  ['resident’s page from the right', residentChinese, residentArabic],
] as const)('texts of the %s', (_, chinese, english) => {
  const zh = flat(chinese)
  const en = flat(english)

  it('have every key in both languages', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort())
  })

  it('fill in the same names in both languages', () => {
    for (const [key, message] of zh) {
      const forms = en.get(key)!.split(' | ')
      expect([key, slots(forms.at(-1)!)]).toEqual([key, slots(message)])
      // The form for one may say "one" in words, and nothing that the other does not know.
      for (const slot of slots(forms[0]!)) expect(slots(message), key).toContain(slot)
      expect(forms.length, key).toBeLessThanOrEqual(2)
    }
  })

  it('do not count in Chinese, which needs no second form', () => {
    for (const [key, message] of zh) expect(message, key).not.toContain(' | ')
  })

  it('are not empty, and English is not Chinese', () => {
    for (const [key, message] of zh) expect(message, key).not.toBe('')
    for (const [key, message] of en) {
      expect(message, key).not.toBe('')
      if (!['mine.language', 'top.language', 'language'].includes(key)) expect(message, key).not.toMatch(/\p{Script=Han}/u)
    }
  })

  it('speak of residents and reminders, as the glossary asks', () => {
    for (const [key, message] of zh) expect(message, key).not.toMatch(/对象|监控|警告|重点人员|疑似/)
  })
})

describe('the first words of the phone', () => {
  const SHELL = ['App.vue', 'naming.ts', 'knock.ts', 'screens/Doors.vue', 'screens/Lock.vue', 'parts/PinPad.vue', 'parts/Looks.vue', 'parts/DoorActions.vue', 'parts/DoorRow.vue', 'parts/FindResults.vue']

  it('are all that the list of doors and the lock say', () => {
    const known = [...flat(phoneChinese).keys()]
    for (const file of SHELL) {
      const source = readFileSync(fileURLToPath(new URL(`../phone/${file}`, import.meta.url)), 'utf8')
      const said = [...source.matchAll(/\bt(?:ranslate)?\(([^()]*)/g)].flatMap(([, inside]) => [...inside!.matchAll(/['`]([a-z]\w*(?:\.\w+)*)(?:\.\$|['`])/gi)].map(([, key]) => key!))
      expect(said.length, file).toBeGreaterThan(0)
      for (const key of said) expect(known.some((one) => one === key || one.startsWith(`${key}.`)), `${file}: ${key}`).toBe(true)
    }
  })

  it('are said once: nothing that comes later says them again', () => {
    const later = flat(phoneLater)
    expect([...flat(phoneChinese).keys()].filter((key) => later.has(key))).toEqual([])
  })
})

describe('interpolation', () => {
  it('fills in names and leaves the rest', () => {
    const message = interpolate('已敲 {done} / {all} {x}')
    expect(message({ named: (name) => ({ done: 3, all: 12 })[name as 'done'] })).toBe('已敲 3 / 12 ')
  })

  it.each([
    [0, '0 doors'],
    [1, '1 door'],
    [2, '2 doors'],
    ['1', '1 door'],
    ['63+', '63+ doors'],
    ['1,001', '1,001 doors'],
  ])('says %s as %s', (n, said) => {
    expect(interpolate('{n} door | {n} doors')({ named: () => n })).toBe(said)
  })
})

describe('a refusal', () => {
  const refused = (detail: string, detail_en: string, remedy?: string, remedy_en?: string) =>
    new Refused({ title: '拒绝', status: 409, detail, detail_en, remedy, remedy_en })

  it('says what is wrong and what to do as two sentences', () => {
    const error = refused('这张二维码已经用过', 'this code was used already', '请找社区再要一张', 'ask the community for another')
    expect(error.text('zh-CN')).toBe('这张二维码已经用过。请找社区再要一张')
    expect(error.text('en')).toBe('This code was used already. Ask the community for another')
  })

  it('does not end a sentence twice, and stands alone without a remedy', () => {
    expect(refused('已经用过。', 'used already.', '再要一张', 'ask again').text('zh-CN')).toBe('已经用过。再要一张')
    expect(refused('已经用过。', 'used already.', '再要一张', 'ask again').text('en')).toBe('Used already. Ask again')
    expect(refused('已经用过', 'used already').text('zh-CN')).toBe('已经用过')
    expect(refused('', '').text('en')).toBe('拒绝')
  })
})
