/** The forms of a door: in which order they are offered, and what says that one was filled in today. */
import { describe, expect, it } from 'vitest'
import type { KeptForm, KeptTask, OutboxFact } from '../phone/db'
import { filledToday, inOrderOfUse } from '../phone/forms/use'

const name = { code: 'x', zh: '某', en: 'x' }
const form = (code: string, rules = 0, programme = 'epidemic') => ({ key: `${programme}/1/${code}`, programme, form: code, rules: Array(rules).fill({}) }) as unknown as KeptForm
const task = (dwelling: string, forms: string[], missing: string[] = [], programme = 'epidemic') =>
  ({ programme, about: { dwelling }, steps: [{ deed: 'step', step: name, to: name, role: 'grid_worker', signed_by: [], forms, missing_forms: missing }] }) as unknown as KeptTask
const answered = (code: string, dwelling: string, at: string, fate: OutboxFact['fate'] = 'waiting') => ({ what: 'answered', named: { ...name, code }, dwelling, madeAt: Date.parse(at), fate }) as unknown as OutboxFact
const codes = (forms: KeptForm[]) => forms.map((one) => one.form)

describe('the forms of a door', () => {
  const forms = [form('asked'), form('breach'), form('need', 1), form('returnee', 2), form('twice_daily')]

  it('stand as they came where nothing tells them apart, those first that open a case', () => {
    expect(codes(inOrderOfUse(forms, [], [], 'door'))).toEqual(['need', 'returnee', 'asked', 'breach', 'twice_daily'])
  })

  it('begin with what a task of this door lacks, then with what it looks at', () => {
    const tasks = [task('door', ['twice_daily', 'breach'], ['breach']), task('other', ['asked'])]
    expect(codes(inOrderOfUse(forms, tasks, [], 'door'))).toEqual(['breach', 'twice_daily', 'asked', 'need', 'returnee'])
  })

  it('follow what this phone fills in most often', () => {
    const outbox = ['need', 'twice_daily', 'twice_daily'].map((code) => answered(code, 'other', '2020-03-10T01:00:00Z'))
    expect(codes(inOrderOfUse(forms, [], outbox, 'door')).slice(0, 2)).toEqual(['twice_daily', 'need'])
  })

  it('are not moved by a task of another programme', () => {
    expect(codes(inOrderOfUse(forms, [task('door', ['asked'], ['asked'], 'heat')], [], 'door'))[0]).toBe('need')
  })
})

describe('what was filled in at a door today', () => {
  it('is of this door, of the campaign’s day, and was not sent back', () => {
    const outbox = [
      answered('need', 'door', '2020-03-09T15:59:00Z'),
      answered('need', 'door', '2020-03-09T16:01:00Z'),
      answered('returnee', 'other', '2020-03-10T02:00:00Z'),
      answered('asked', 'door', '2020-03-10T02:00:00Z', 'quarantined'),
      answered('twice_daily', 'door', '2020-03-10T03:00:00Z', 'accepted'),
    ]
    const today = Math.floor(Date.parse('2020-03-10T00:00:00Z') / 86_400_000)
    expect(filledToday(outbox, 'door', today, 8).map(({ named }) => named!.code)).toEqual(['twice_daily', 'need'])
  })
})
