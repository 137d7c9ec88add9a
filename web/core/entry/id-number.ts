/** The citizen's identity number, GB 11643-1999, as the server reads it (`intake::cell::id_number`). */
import { asciiDigits } from './numbers'

export interface IdNumber {
  /** 18 characters; empty where nothing was typed. */
  number: string
  /** YYYY-MM-DD */
  birthDate: string
  sex: '男' | '女' | ''
}

export type IdFault = 'length' | 'characters' | 'birth' | 'check'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHARACTERS = '10X98765432'

/** ISO 7064 MOD 11-2 over the first 17 digits. */
function checkCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((sum, weight, at) => sum + Number(digits[at]) * weight, 0)
  return CHARACTERS[sum % 11]!
}

function dayIn(digits: string): string | null {
  const day = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) ? day : null
}

/** What stands in the number, or why it cannot be anyone's; `today` is YYYY-MM-DD. */
export function readIdNumber(typed: string, today: string): IdNumber | IdFault {
  const text = asciiDigits(typed).replace(/[\s\-'_]/g, '').replace(/[x×хХ*]$/, 'X')
  if (text === '') return { number: '', birthDate: '', sex: '' }
  if (!/^\d*X?$/.test(text)) return 'characters'
  if (text.length !== 18 && text.length !== 15) return 'length'
  if (text.length === 15 && text.endsWith('X')) return 'characters'
  // Fifteen digits are those of the first generation: the century and the check were left out.
  const century = text.slice(12) >= '996' ? '18' : '19'
  const first = text.length === 18 ? text.slice(0, 17) : `${text.slice(0, 6)}${century}${text.slice(6)}`
  const birthDate = dayIn(first.slice(6, 14))
  if (birthDate === null || birthDate > today || birthDate < '1880') return 'birth'
  const number = `${first}${checkCharacter(first)}`
  if (text.length === 18 && text !== number) return 'check'
  return { number, birthDate, sex: Number(first[16]) % 2 === 1 ? '男' : '女' }
}
