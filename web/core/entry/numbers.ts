/** Digits and numbers as people type them: in the digits of their own keyboard, with a comma or a point. */

/** Those of the keyboards in use here and of the page's languages; named as Unicode (CLDR) does. */
const SYSTEMS = ['arab', 'arabext', 'fullwide', 'deva', 'tibt', 'mong']

const ASCII = new Map(
  SYSTEMS.flatMap((numberingSystem) => {
    const format = new Intl.NumberFormat('en', { numberingSystem, useGrouping: false })
    return Array.from({ length: 10 }, (_, digit) => [format.format(digit), String(digit)] as const)
  }),
)

/** The same with every digit an ASCII one; whatever else was typed stays, in its ordinary width. */
export function asciiDigits(typed: string): string {
  return [...typed.normalize('NFKC')].map((sign) => ASCII.get(sign) ?? sign).join('')
}

/** The number that was meant, as a computer writes it; null where it is none. One mark for the fraction: `.` `,` `،` `٫` `。` */
export function readNumber(typed: string): string | null {
  const text = asciiDigits(typed).trim().replace(/[,،٫。、]/g, '.').replace(/^[−–]/, '-')
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? text : null
}
