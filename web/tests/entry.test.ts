/** What people type: their own digits, a comma, an identity number. */
import { describe, expect, it } from 'vitest'
import { ticked } from '@core/entry/choices'
import { typedDay, typedOrder } from '@core/entry/day'
import { readIdNumber } from '@core/entry/id-number'
import { asciiDigits, readNumber } from '@core/entry/numbers'

describe('numbers', () => {
  it.each([
    ['38.9', '38.9'],
    ['38,9', '38.9'],
    ['３８．９', '38.9'],
    ['３８，９', '38.9'],
    ['٣٨٫٩', '38.9'],
    ['٣٨,٩', '38.9'],
    ['۳۸٫۹', '38.9'],
    [' 37 ', '37'],
    ['37.', '37.'],
    ['−2', '-2'],
  ])('are read from %s', (typed, number) => {
    expect(readNumber(typed)).toBe(number)
  })

  it.each(['', '热', '38,9,1', '38 9', '3e2', '36.5度'])('are not %s', (typed) => {
    expect(readNumber(typed)).toBeNull()
  })

  it('keep what is no digit', () => {
    expect(asciiDigits('电话 ０１０-٨٢٨١')).toBe('电话 010-8281')
  })
})

describe('an identity number', () => {
  const TODAY = '2026-11-30'
  /** With a region code that was never assigned: nobody's. The check characters are the server's. */
  const FIRST = '99000019800101100'

  function whole(first: string): string {
    const found = [...'0123456789X'].map((last) => first + last).filter((number) => typeof readIdNumber(number, TODAY) === 'object')
    expect(found.length, first).toBe(1)
    return found[0]!
  }

  it('says when she was born, and the sex', () => {
    const number = whole(FIRST)
    expect(readIdNumber(number, TODAY)).toEqual({ number, birthDate: '1980-01-01', sex: '女' })
    const full = [...number].map((sign) => (/\d/.test(sign) ? String.fromCodePoint(sign.codePointAt(0)! + 0xfee0) : sign.toLowerCase())).join('')
    expect(readIdNumber(` ${full.slice(0, 6)} ${full.slice(6)}`, TODAY)).toMatchObject({ number })
    expect(readIdNumber('990000800101100', TODAY)).toEqual({ number, birthDate: '1980-01-01', sex: '女' })
    expect(readIdNumber('', TODAY)).toEqual({ number: '', birthDate: '', sex: '' })
  })

  // The sample of the standard: GB 11643-1999, annex A.
  it('has the check character of ISO 7064 MOD 11-2', () => {
    expect(readIdNumber('11010519491231002X', TODAY)).toMatchObject({ birthDate: '1949-12-31' })
    expect(readIdNumber('440524188001010014', TODAY)).toMatchObject({ birthDate: '1880-01-01', sex: '男' })
  })

  it.each([
    ['99000019801301100X', 'birth'],
    ['990000198002301009', 'birth'],
    ['990000202612011009', 'birth'],
    ['110105194912310021', 'check'],
    ['11010519491231002', 'length'],
    ['1101051949123100X2', 'characters'],
    ['没有证件', 'characters'],
  ])('%s cannot be: %s', (typed, fault) => {
    expect(readIdNumber(typed, TODAY)).toBe(fault)
  })
})

describe('what is ticked', () => {
  it('is nothing else beside "none"', () => {
    expect(ticked(['none'], 'fever')).toEqual(['fever'])
    expect(ticked(['fever', 'cough'], 'none')).toEqual(['none'])
    expect(ticked(['fever'], 'cough')).toEqual(['fever', 'cough'])
    expect(ticked(['fever', 'cough'], 'fever')).toEqual(['cough'])
  })
})

describe('a typed day', () => {
  it('is said as the page’s language writes it, with the weekday, whatever the browser’s own input shows', () => {
    expect(typedDay('2026-11-30', 'zh-CN')).toBe('2026年11月30日星期一')
    expect(typedDay('2026-03-04', 'en')).toBe('Wednesday, March 4, 2026')
    expect(typedDay('2026-11-30T20:05', 'zh-CN')).toBe('2026年11月30日星期一 20:05')
    expect(typedDay('2026-03-04', 'ar')).toMatch(/الأربعاء.*4.*2026/)
  })

  it.each(['', '2026-11', '30.11.2026', '2026-13-40'])('is not said of %s', (value) => {
    expect(typedDay(value, 'en')).toBeNull()
  })

  it('is asked for in the order of the browser, which need not be the page’s', () => {
    const names = { year: '年', month: '月', day: '日' }
    expect(typedOrder(names, 'en-US')).toBe('月 / 日 / 年')
    expect(typedOrder(names, 'en-GB')).toBe('日 / 月 / 年')
    expect(typedOrder(names, 'zh-CN')).toBe('年 / 月 / 日')
  })
})
