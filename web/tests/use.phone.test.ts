/** The forms of a door: in which order they are offered, and what says that one was filled in today. */
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import type { CameOf } from '@core/api/types'
import type { KeptForm, KeptTask, OutboxFact, SpokenRule } from '../phone/db'
import { followed, toAskOf } from '../phone/forms/followed'
import { nextSaid } from '../phone/forms/next'
import { filledToday, inOrderOfUse } from '../phone/forms/use'
import later from '../phone/messages/zh-CN.later'
import { i18n } from '../phone/texts'

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

describe('what comes of what was filled in', () => {
  const now = Date.parse('2020-03-10T04:00:00Z')
  const rule = (id: string, opens?: SpokenRule['opens']): SpokenRule => ({ id, says: { zh: '发热或有症状', en: 'A fever' }, tells: { code: 'doctor', zh: '医生', en: 'doctor' }, ...(opens && { opens }) })
  const came = (of: string, ended = false) => ({ case: of, ended }) as CameOf
  let position = 0
  const fact = (at: string, more: Partial<OutboxFact> = {}) => ({ ...answered('twice_daily', 'door', at, 'accepted'), receipt: { position: (position += 1) }, ...more }) as OutboxFact
  const positions = (facts: OutboxFact[]) => facts.map(({ receipt }) => receipt!.position)

  it('is said in one sentence without a network: who spoke, who is told, and until when', () => {
    i18n.global.mergeLocaleMessage('zh-CN', later)
    const opens = { pathway: { code: 'fever', zh: '发热', en: 'Fever' }, owner: { code: 'doctor', zh: '医生', en: 'doctor' } }
    expect(nextSaid(rule('R', { ...opens, within: { amount: 2, unit: 'hours' } }))).toBe('发热或有症状：发出后交给医生，要在 2 小时内办。')
    expect(nextSaid(rule('R', opens))).toBe('发热或有症状：发出后交给医生办。')
    expect(nextSaid(rule('R'))).toBe('发热或有症状：发出后告诉医生。')
  })

  it('is asked of the server for two weeks where a rule spoke, for a day where none did, and no more once it has ended', () => {
    const facts = [
      fact('2020-02-20T00:00:00Z', { spoke: [rule('R')] }),
      fact('2020-03-01T00:00:00Z', { spoke: [rule('R')] }),
      fact('2020-03-01T00:00:00Z'),
      fact('2020-03-09T12:00:00Z'),
      fact('2020-03-09T13:00:00Z', { spoke: [rule('R')], came: [came('c', true)] }),
      fact('2020-03-09T14:00:00Z', { spoke: [rule('R')], fate: 'waiting', receipt: null }),
    ]
    expect(positions(toAskOf(facts, now))).toEqual(positions([facts[3]!, facts[1]!]))
    expect(toAskOf(Array.from({ length: 60 }, () => fact('2020-03-10T00:00:00Z')), now)).toHaveLength(50)
  })

  it('stands at its door: the case once there is one, else the rule, each once', () => {
    const waiting = fact('2020-03-10T03:00:00Z', { fate: 'waiting', spoke: [rule('R'), rule('S')] })
    expect(followed([waiting], 'door', now)).toEqual([{ rule: rule('R') }, { rule: rule('S') }])
    expect(followed([waiting], 'other', now)).toEqual([])
    expect(followed([{ ...waiting, fate: 'quarantined' }], 'door', now)).toEqual([])
    const [told, again] = [fact('2020-03-10T02:00:00Z', { spoke: [rule('R')], came: [came('c')] }), fact('2020-03-10T03:00:00Z', { came: [came('c', true)] })]
    expect(followed([told, again], 'door', now)).toEqual([{ case: came('c', true) }])
  })
})
