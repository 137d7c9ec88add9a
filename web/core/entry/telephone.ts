/** Telephone numbers as they are dialled on the mainland: the mobile has 11 digits, the landline its area code. */

const FORMS = [
  /^1[3-9]\d{9}$/, // a mobile
  /^0[12]\d{9}$/, // a landline whose area code has three digits
  /^0[3-9]\d{9,10}$/, // and four
  /^[48]00\d{7}$/,
]

export type TelephoneFault = 'signs' | 'length'

/** What is wrong with a number in ASCII digits; null where nothing is, and where there is none. Foreign numbers have their +. */
export function telephoneFault(typed: string): TelephoneFault | null {
  if (typed === '') return null
  if (!/^\+?[\d -]{3,20}$/.test(typed)) return 'signs'
  const digits = typed.replace(/[ -]/g, '').replace(/^(\+|00)86/, '')
  if (/^(\+|00)\d{7,15}$/.test(digits)) return null
  return FORMS.some((form) => form.test(digits)) ? null : 'length'
}
