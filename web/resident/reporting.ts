/** What is asked of someone who is reported, and what is wrong with it before it is sent. */
import { readIdNumber, type IdFault } from '@core/entry/id-number'
import { asciiDigits } from '@core/entry/numbers'

/** What is written down of a relation, whatever language the page is in. */
export const RELATIONS = { self: '本人', spouse: '配偶', child: '子女', parent: '父母', tenant: '租客', other: '其他' } as const

export interface Typed {
  name: string
  relation: string
  sex: string
  birth_date: string
  phone: string
  id_number: string
}

export type Field = 'name' | 'phone' | 'birth_date' | 'id_number'
export type Fault = 'nameNeeded' | 'phoneWrong' | 'birthAgainstNumber' | `number.${IdFault}`

/** In the order of the page; `today` is YYYY-MM-DD. */
export function faultsOf(person: Typed, today: string): [Field, Fault][] {
  const number = readIdNumber(person.id_number, today)
  const phone = asciiDigits(person.phone).trim()
  const found: [Field, Fault | false][] = [
    ['name', person.name.trim() === '' && 'nameNeeded'],
    ['phone', phone !== '' && !/^\+?[\d -]{5,20}$/.test(phone) && 'phoneWrong'],
    ['birth_date', typeof number === 'object' && number.birthDate !== '' && person.birth_date !== '' && person.birth_date !== number.birthDate && 'birthAgainstNumber'],
    ['id_number', typeof number === 'string' && `number.${number}`],
  ]
  return found.filter((one): one is [Field, Fault] => one[1] !== false)
}
