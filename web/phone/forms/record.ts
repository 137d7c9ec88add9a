/** The end of a form: one fact, with the pictures that its answers name. */
import { answersContent, type Given } from '@core/ledger/answers'
import { answeredBody, Kind } from '@core/ledger/facts'
import { idBytes } from '@core/ledger/uuid'
import { db, type Attachment, type FormAbout, type Identity, type KeptForm, type SpokenRule } from '../db'
import { write, type Draft, type Place } from '../outbox'
import { subjectOf } from './kept'

export interface AnswersEntry {
  form: KeptForm
  about: FormAbout
  door: Place
  case: string | null
  on: number
  answers: Record<string, Given>
  /** The rules that flag what was filled in. */
  spoke: readonly SpokenRule[]
}

/** Writes a form that was filled in, its answers sealed to whom they are about, with the pictures that they name, and ends its draft. */
export async function recordAnswers(identity: Identity, entry: AnswersEntry, draftId: string, pictures: (sequence: number) => Attachment[], now: number): Promise<void> {
  const { form, about, answers, on } = entry
  const person = about.person === null ? null : idBytes(about.person)
  const worker = about.worker === undefined ? undefined : idBytes(about.worker)
  const dwelling = idBytes(about.dwelling)
  const draft: Draft = {
    kind: Kind.Answered,
    body: answeredBody({
      person,
      worker,
      dwelling,
      case: entry.case === null ? null : idBytes(entry.case),
      programme: form.programme,
      version: form.version,
      form: form.form,
      on,
    }),
    content: { owner: idBytes(subjectOf(about)), plaintext: answersContent(answers) },
    what: 'answered',
    named: { code: form.form, zh: form.zh, en: form.en },
    spoke: entry.spoke.map(({ id, says, tells, opens }) => ({ id, says, tells, ...(opens === undefined ? {} : { opens }) })),
  }
  const id = `${form.programme}/${form.form}/${subjectOf(about)}`
  const tables = [db.drafts, db.answers, db.pictures, db.attachments]
  await write(identity, [draft], entry.door, null, now, tables, async ({ sequence }) => {
    await db.attachments.bulkAdd(pictures(sequence))
    await endDraft(draftId)
    await db.answers.put({ id, on, answers })
  })
}

export async function endDraft(id: string): Promise<void> {
  await db.drafts.delete(id)
  await db.pictures.where('draft').equals(id).delete()
}
