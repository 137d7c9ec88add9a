import { describe, expect, it } from 'vitest'
import consoleEnglish from '../console/messages/en'
import consoleChinese from '../console/messages/zh-CN'
import { interpolate } from '@core/i18n/interpolate'
import phoneEnglish from '../phone/messages/en'
import phoneChinese from '../phone/messages/zh-CN'
import type { Messages } from '@core/i18n'

function flat(messages: Messages, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(messages).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  )
}

const slots = (message: string) => [...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort()

describe.each([
  ['phone', phoneChinese, phoneEnglish],
  ['console', consoleChinese, consoleEnglish],
] as const)('texts of the %s', (_, chinese, english) => {
  const zh = flat(chinese)
  const en = flat(english)

  it('have every key in both languages', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort())
  })

  it('fill in the same names in both languages', () => {
    for (const [key, message] of zh) expect([key, slots(en.get(key)!)]).toEqual([key, slots(message)])
  })

  it('are not empty, and English is not Chinese', () => {
    for (const [key, message] of zh) expect(message, key).not.toBe('')
    for (const [key, message] of en) {
      expect(message, key).not.toBe('')
      if (!['mine.language', 'top.language'].includes(key)) expect(message, key).not.toMatch(/\p{Script=Han}/u)
    }
  })

  it('speak of residents and reminders, as the glossary asks', () => {
    for (const [key, message] of zh) expect(message, key).not.toMatch(/对象|监控|警告|重点人员|疑似/)
  })
})

describe('interpolation', () => {
  it('fills in names and leaves the rest', () => {
    const message = interpolate('已敲 {done} / {all} {x}')
    expect(message({ named: (name) => ({ done: 3, all: 12 })[name as 'done'] })).toBe('已敲 3 / 12 ')
  })
})
