/**
 * Rules at the door: a condition over the answers to one form, as the server sends it. A missing answer is neither true
 * nor false, and stays so unless the other side of an "and" or an "or" decides: as the server judges.
 */
import type { DoorRule, Expression } from '@core/api/types'
import { dayFromText } from '@core/doors/day'
import type { Given } from '@core/ledger/answers'

type Value = Given | boolean | null

export interface Situation {
  answers: Readonly<Record<string, Given>>
  /** Days since 1970-01-01: today, and the day on which the form is filled in. */
  today: number
  on: number
}

/** The rules that flag what is filled in so far. */
export function flagged(rules: readonly DoorRule[], situation: Situation): DoorRule[] {
  return rules.filter(({ when }) => judge(when, situation) === true)
}

/** True, false, or null where an answer is missing that would decide. */
export function judge(when: Expression, situation: Situation): boolean | null {
  const value = worth(when, situation, [])
  return typeof value === 'boolean' ? value : null
}

function worth(part: Expression, situation: Situation, bound: readonly Value[]): Value {
  if ('value' in part) return part.value
  if ('field' in part) return situation.answers[part.field] ?? null
  if ('day' in part) return dayOf(situation.answers[part.day])
  if ('today' in part) return situation.today
  if ('on' in part) return situation.on
  if ('bound' in part) return bound[part.bound] ?? null
  const at = (one: Expression) => worth(one, situation, bound)
  if ('list' in part) {
    const parts = part.list.map(at)
    return parts.includes(null) ? null : (parts as Given[])
  }
  if ('op' in part) return call(part.op, part.of.map(at))
  const [of, op] = 'some' in part ? [part.some, 'or'] : [part.every, 'and']
  const list = at(of)
  if (!Array.isArray(list)) return null
  const each = list.map((element) => worth(part.holds, situation, [...bound, element]))
  return each.reduce<Value>((so_far, one) => call(op, [so_far, one]), op === 'and')
}

function dayOf(answer: Given | undefined): Value {
  if (Array.isArray(answer)) return answer.map((one) => dayOf(one) as Given)
  return typeof answer === 'string' ? dayFromText(answer) : null
}

function call(op: string, of: readonly Value[]): Value {
  const [left = null, right = null] = of
  if (op === 'and') return left === false || right === false ? false : left === true && right === true ? true : null
  if (op === 'or') return left === true || right === true ? true : left === false && right === false ? false : null
  if (op === 'has') return left !== null
  if (of.includes(null)) return null
  switch (op) {
    case 'not':
      return typeof left === 'boolean' ? !left : null
    case 'eq':
      return same(left, right)
    case 'ne':
      return !same(left, right)
    case 'in':
      return Array.isArray(right) ? right.some((one) => same(left, one)) : null
    case 'size':
      return Array.isArray(left) ? left.length : typeof left === 'string' ? [...left].length : null
    case 'neg':
      return typeof left === 'number' ? -left : null
  }
  if (op === 'add' && typeof left === 'string' && typeof right === 'string') return left + right
  if (typeof left !== 'number' || typeof right !== 'number') return null
  switch (op) {
    case 'lt':
      return left < right
    case 'le':
      return left <= right
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'add':
      return left + right
    case 'sub':
      return left - right
    case 'mul':
      return left * right
    default:
      return null
  }
}

function same(left: Value, right: Value): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
