import { describe, expect, it } from 'vitest'
import { fromHex, hex } from '@core/ledger/bytes'
import { decode, encode, NotCanonical, type Canonical } from '@core/ledger/canonical'

// The integers, strings and arrays of RFC 8949 appendix A that lie in the subset.
const EXAMPLES: [Canonical, string][] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [255, '18ff'],
  [256, '190100'],
  [65536, '1a00010000'],
  [4294967296, '1b0000000100000000'],
  [18446744073709551615n, '1bffffffffffffffff'],
  [-1, '20'],
  [-100, '3863'],
  [-18446744073709551616n, '3bffffffffffffffff'],
  ['', '60'],
  ['水', '63e6b0b4'],
  [new Uint8Array([1, 2, 3, 4]), '4401020304'],
  [[], '80'],
  [[1, [2, 3], [4, 5]], '8201820203820405'.replace('8201', '8301')],
  [null, 'f6'],
  [true, 'f5'],
  [false, 'f4'],
]

describe('canonical encoding', () => {
  it.each(EXAMPLES)('writes %o as the standard does', (value, bytes) => {
    expect(hex(encode(value))).toBe(bytes)
  })

  it.each(EXAMPLES)('reads %o back', (_, bytes) => {
    expect(hex(encode(decode(fromHex(bytes))))).toBe(bytes)
  })

  it.each([
    ['an integer that is not in shortest form', '1817'],
    ['an array of indefinite length', '9f01ff'],
    ['a string of indefinite length', '7f6161ff'],
    ['a map', 'a0'],
    ['a tag', 'c001'],
    ['a half float', 'f93c00'],
    ['undefined', 'f7'],
    ['text that is not UTF-8', '61ff'],
    ['bytes after the value', '0000'],
    ['a value cut short', '8201'],
    ['nothing', ''],
  ])('refuses %s', (_, bytes) => {
    expect(() => decode(fromHex(bytes))).toThrow(NotCanonical)
  })

  it.each([[1.5], [Number.NaN], [2 ** 60], [{} as Canonical], [undefined as unknown as Canonical], ['\ud800']])(
    'refuses to write %o',
    (value) => {
      expect(() => encode(value)).toThrow(NotCanonical)
    },
  )
})
