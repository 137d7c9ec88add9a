import { describe, expect, it } from 'vitest'
import { telephoneFault } from '../core/entry/telephone'

describe('a telephone number', () => {
  it('is a mobile’s 11 digits, a landline with its area code, a service’s or a foreign one', () => {
    for (const right of ['', '13912345678', '139 1234 5678', '+86 13912345678', '010-62345678', '027 82345678', '0712-2345678', '0755-82345678', '400-820-1234', '+44 20 7946 0958', '0085223456789']) {
      expect([right, telephoneFault(right)]).toEqual([right, null])
    }
  })

  it('is not one with a digit too few or too many, or of anything but digits', () => {
    for (const short of ['1391234567', '139123456789', '12345678901', '62345678', '010-6234567', '+86 1391234567']) {
      expect([short, telephoneFault(short)]).toEqual([short, 'length'])
    }
    for (const other of ['没有', '139x2345678', '1']) expect([other, telephoneFault(other)]).toEqual([other, 'signs'])
  })
})
