/** The forms that are on this phone, and what was left unfinished. */
import { effectScope } from 'vue'
import { db, type FormAbout, type FormDraft, type KeptForm, type PhoneDoor } from '../db'
import type { Bytes } from '@core/ledger/bytes'
import { useLive } from '../live'
import { isHome } from '../naming'

const scope = effectScope(true)
export const forms = scope.run(() => useLive(() => db.forms.toArray(), [] as KeptForm[]))!
export const drafts = scope.run(() => useLive(() => db.drafts.toArray(), [] as FormDraft[]))!

/** The form of a programme in the version in force. */
export function formOf(programme: string, form: string): KeptForm | null {
  return forms.value.find((kept) => kept.programme === programme && kept.form === form) ?? null
}

/** The forms that are about whoever or whatever is behind a door. */
export function formsAt(door: PhoneDoor): KeptForm[] {
  const here = isHome(door) ? ['person', 'household', 'dwelling'] : ['place', 'organisation', 'person']
  return forms.value.filter(({ about }) => here.includes(about))
}

/** The forms that are about the worker herself. */
export function formsOfMine(): KeptForm[] {
  return forms.value.filter(({ about }) => about === 'worker')
}

/** What lies beside a form, by name. */
export async function filesOf(form: KeptForm): Promise<Map<string, Bytes>> {
  const named = form.files ?? []
  const found = await db.files.bulkGet(named.map(({ digest }) => digest))
  return new Map(named.flatMap(({ name }, at) => (found[at] === undefined ? [] : [[name, found[at].bytes]])))
}

/** To whom answers are sealed. */
export function subjectOf(about: FormAbout): string {
  return about.person ?? about.worker ?? about.dwelling
}

export function draftId(form: KeptForm, about: FormAbout): string {
  return `${form.key}/${subjectOf(about)}`
}
