/** What she began to write down and did not finish, on this phone: visits and forms, the newest first. */
import { computed, effectScope } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { db, type VisitDraft } from './db'
import { doorViews } from './doors'
import { drafts, forms } from './forms/kept'
import { useLive } from './live'
import { doorTitle } from './naming'
import { named } from './tasks'
import { translate as t } from './texts'

export interface Begun {
  id: string
  door: string
  what: string
  /** Milliseconds. */
  at: number
  to: RouteLocationRaw
}

const visits = effectScope(true).run(() => useLive(() => db.visitDrafts.toArray(), [] as VisitDraft[]))!

export const begun = computed<Begun[]>(() => {
  const doors = new Map(doorViews.value.map(({ door }) => [door.dwelling, door]))
  const found: Begun[] = []
  for (const { dwelling, asked, savedAt = 0 } of visits.value) {
    const door = doors.get(dwelling)
    if (door !== undefined) found.push({ id: dwelling, door: doorTitle(door), what: t('visit.title'), at: savedAt, to: { name: 'visit', params: { dwelling }, query: asked === null ? { instead: '1' } : { outcome: asked } } })
  }
  for (const { id, form: key, about, case: caseId, savedAt } of drafts.value) {
    const [door, form] = [doors.get(about.dwelling), forms.value.find((kept) => kept.key === key)]
    const where = about.worker === undefined ? door && doorTitle(door) : t('day.aboutMe')
    if (where === undefined || form === undefined) continue
    const who = door?.members?.find(({ person }) => person === about.person)?.name
    const query = { ...(about.person === null ? {} : { person: about.person }), ...(caseId === null ? {} : { case: caseId }) }
    const to = { name: 'form', params: { programme: form.programme, form: form.form, dwelling: about.worker === undefined ? about.dwelling : '' }, query }
    found.push({ id, door: where, what: [named(form), ...(who ? [who] : [])].join(' · '), at: savedAt, to })
  }
  return found.sort((one, other) => other.at - one.at)
})
