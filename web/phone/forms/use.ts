/** Which forms are wanted at a door, and which were filled in there today. */
import { campaignDay } from '@core/doors/day'
import type { KeptForm, KeptTask, OutboxFact } from '../db'

/**
 * In the order in which a door needs them: what a task of this door still lacks, what its steps look at, what this phone
 * fills in most often, what other tasks look at, and whatever opens a case before what is only written down. Those alike
 * stay in the order in which they came.
 */
export function inOrderOfUse(forms: readonly KeptForm[], tasks: readonly KeptTask[], outbox: readonly OutboxFact[], dwelling: string): KeptForm[] {
  const steps = (asked: readonly KeptTask[]) => asked.flatMap(({ programme, steps: of }) => of.map((step) => ({ programme, ...step })))
  const [here, anywhere] = [steps(tasks.filter(({ about }) => about.dwelling === dwelling)), steps(tasks)]
  const rank = (form: KeptForm): number[] => {
    const own = ({ programme }: { programme: string }) => programme === form.programme
    const looksAt = (asked: typeof here) => asked.filter((step) => own(step) && step.forms.includes(form.form)).length
    return [
      here.filter((step) => own(step) && step.missing_forms?.includes(form.form)).length,
      looksAt(here),
      outbox.filter(({ what, named }) => what === 'answered' && named?.code === form.form).length,
      looksAt(anywhere),
      Math.min(1, form.rules.length),
    ]
  }
  const ranked = forms.map((form) => ({ form, rank: rank(form) }))
  return ranked.sort((one, other) => other.rank.map((value, at) => value - one.rank[at]!).find((difference) => difference !== 0) ?? 0).map(({ form }) => form)
}

/** What this phone filled in at a door today and has not been sent back, the latest first. */
export function filledToday(outbox: readonly OutboxFact[], dwelling: string, today: number, offsetHours: number): OutboxFact[] {
  return outbox
    .filter((fact) => fact.what === 'answered' && fact.dwelling === dwelling && fact.fate !== 'quarantined' && campaignDay(fact.madeAt, offsetHours) === today)
    .reverse()
}
