/**
 * Push and pull. Every step may be cut at any point: a fact leaves `sent` only by the server's receipt, pushing again is
 * harmless (the server answers `duplicate`), and a checkpoint that contradicts an earlier one stops everything, loudly.
 */
import { Refused, call, type Answer, type CallOptions } from '@core/api/client'
import type { CameOf, DoorRule, FormRow, HeldDecision, MyTasks, Pull, Push, PushAnswer, Receipt } from '@core/api/types'
import { base64, fromBase64, type Bytes } from '@core/ledger/bytes'
import { BadCheckpoint, openCheckpoint } from '@core/ledger/checkpoint'
import { headMessage } from '@core/ledger/envelope'
import { sign } from '@core/ledger/signature'
import { leafEntry, leafHash, verifyConsistency, verifyInclusion } from '@core/ledger/tree'
import { idText } from '@core/ledger/uuid'
import { standing } from '@core/standing'
import { bestTime } from './clock'
import { db, keep, setting, type Device, type Identity, type KeptForm, type OutboxFact, type PastRewritten, type SeenCheckpoint } from './db'
import { toAskOf } from './forms/followed'
import { isOver, PastWasRewritten, SeriesForked } from './stops'

export const PUSH_LIMIT = 100
/** Why a record does not count, when a person decided so; what she said is its message. */
export const REFUSED = 'refused'

/** The open phone, or what a locked one knows of itself: that may push, by signatures made when the facts were. */
export type Sender = Identity | Device

const isOpen = (sender: Sender): sender is Identity => 'token' in sender

/** The visit that can still be taken back on screen, if any. */
export type Held = () => number | null

/**
 * One round: everything waiting goes out but what is `held`, then everything new comes in. Throws `Unreachable` or
 * `Refused` when cut short.
 */
export async function syncOnce(sender: Sender, now: () => number, held: Held = () => null): Promise<void> {
  const rewritten = await setting('pastRewritten')
  if (rewritten !== undefined) throw new PastWasRewritten(rewritten)
  await settleSent(sender, now)
  while (await pushOrGoBack(sender, now, held)) {
    // Each turn settles one batch by its receipts.
  }
  if (await db.attachments.where('fate').equals('waiting').count()) await (await import('./attachments')).sendAttachments(sender)
  if (!isOpen(sender)) {
    // Whoever has it may not be its worker any more: it learns of that without its token.
    await ask(sender, now, `/v1/devices/${idText(sender.series)}/standing`, {})
    return
  }
  const asked = toAskOf(await db.outbox.toArray(), bestTime(now(), (await setting('serverTime')) ?? null))
  while (await pullPage(sender, now, asked)) {
    // Each turn stores one page with its cursor.
  }
  await fetchForms(sender, now)
}

/**
 * A push that was cut left facts in `sent`: the server's head tells which of them arrived. They are pushed again from
 * the first unanswered one in either case, because only receipts tell their fate.
 */
async function settleSent(sender: Sender, now: () => number): Promise<void> {
  const sent = await db.outbox.where('fate').equals('sent').toArray()
  if (sent.length === 0) return
  const head = isOpen(sender) ? await serverHead(sender, now) : null
  if (head !== null) {
    const mine = await db.outbox.get(head.sequence)
    if (mine !== undefined && base64(mine.hash) !== head.hash) throw new SeriesForked(`sequence ${head.sequence}`)
  }
  await db.outbox.where('fate').equals('sent').modify({ fate: 'waiting' })
}

async function serverHead(identity: Identity, now: () => number): Promise<{ sequence: number; hash: string } | null> {
  try {
    const query = { series: idText(identity.series) }
    const { body } = await ask<{ sequence: number; hash: string }>(identity, now, '/v1/facts/head', { query })
    return body
  } catch (error) {
    // A phone whose time is over may only push; the push itself then tells whether the series agree.
    if (error instanceof Refused && (error.problem.status === 404 || isOver(error))) return null
    throw error
  }
}

/** A server that was restored from a backup may have forgotten facts: it says from which number on it needs them again. */
async function pushOrGoBack(sender: Sender, now: () => number, held: Held): Promise<boolean> {
  try {
    return await pushBatch(sender, now, held)
  } catch (error) {
    const expected = error instanceof Refused && error.code === 'gap' ? error.problem.expected : undefined
    const first = expected === undefined ? undefined : await db.outbox.where('fate').anyOf('waiting', 'sent').sortBy('sequence')
    if (expected === undefined || first?.[0] === undefined || expected >= first[0].sequence) throw error
    await db.outbox.where('sequence').aboveOrEqual(expected).modify({ fate: 'waiting' })
    return true
  }
}

/** Returns whether there may be more to push. */
async function pushBatch(sender: Sender, now: () => number, held: Held): Promise<boolean> {
  const batch = await takeBatch(isOpen(sender), held)
  const last = batch.at(-1)
  if (last === undefined) return false
  const seen = await setting('checkpoint')
  const push: Push = {
    series: idText(sender.series),
    facts: batch.map(({ envelope, content, dataKey, sealedKey }) => ({
      fact: base64(envelope),
      ...(content === null ? {} : { content: base64(content) }),
      ...(sealedKey ? { sealed_key: base64(sealedKey) } : dataKey ? { data_key: base64(dataKey) } : {}),
    })),
    signature: base64(await signatureOver(sender, last)),
    known_size: seen?.size ?? 0,
  }
  const { body } = await ask<PushAnswer>(sender, now, '/v1/facts', { method: 'POST', json: push })
  const checkpoint = await acceptCheckpoint(sender, body.checkpoint, body.consistency, now)
  await requireIncluded(last, body, checkpoint, now)
  await settle(batch, body.receipts)
  await keep('checkpoint', checkpoint)
  return (await db.outbox.where('fate').equals('waiting').count()) > 0
}

async function signatureOver(sender: Sender, last: OutboxFact): Promise<Bytes> {
  if (last.signature || !isOpen(sender)) return last.signature!
  return sign(sender.key, headMessage(sender.series, last.sequence, last.hash))
}

/** Marks the next facts as on their way, so that `undo` leaves them alone. A locked phone ends where it signed. */
async function takeBatch(open: boolean, held: Held): Promise<OutboxFact[]> {
  return db.transaction('rw', db.outbox, async () => {
    const waiting = await db.outbox.where('fate').equals('waiting').sortBy('sequence')
    const [last, kept] = [waiting.at(-1)?.visit, held()]
    // Only the latest can be taken back; what stands before others goes with them, as a series has no gaps.
    const batch = last === kept ? waiting.filter(({ visit }) => visit !== kept) : waiting
    const next = batch.slice(0, PUSH_LIMIT)
    const taken = open ? next : sendable(next)
    await db.outbox.bulkUpdate(taken.map(({ sequence }) => ({ key: sequence, changes: { fate: 'sent' as const } })))
    return taken
  })
}

/** Those that can leave without the PIN. Only facts of a phone that was enrolled before it had one cannot. */
export function sendable(facts: readonly OutboxFact[]): OutboxFact[] {
  const keyless = facts.findIndex(({ content, sealedKey }) => content !== null && !sealedKey)
  const keyed = keyless < 0 ? facts : facts.slice(0, keyless)
  return keyed.slice(0, keyed.findLastIndex(({ signature }) => Boolean(signature)) + 1)
}

async function settle(batch: readonly OutboxFact[], receipts: readonly Receipt[]): Promise<void> {
  const known = new Set(batch.map(({ sequence }) => sequence))
  const changes = receipts
    .filter(({ sequence }) => known.has(sequence))
    .map((receipt) => ({
      key: receipt.sequence,
      changes: {
        fate: receipt.verdict === 0 && receipt.status !== 'quarantined' ? ('accepted' as const) : ('quarantined' as const),
        receipt: {
          reason: receipt.reason ?? null,
          message: receipt.message ?? null,
          messageEn: receipt.message_en ?? null,
          position: receipt.position,
          receivedAt: receipt.received_at,
        },
      },
    }))
  await db.outbox.bulkUpdate(changes)
}

/** Returns whether the server has more pages. */
async function pullPage(identity: Identity, now: () => number, asked: readonly OutboxFact[]): Promise<boolean> {
  const after = (await setting('cursor')) ?? ''
  const seen = await setting('checkpoint')
  const answers = asked.map(({ receipt }) => receipt!.position).join(',')
  const query = { after, known_size: seen?.size ?? 0, tasks: await setting('tasksKnown'), ...(answers === '' ? {} : { answers }) }
  const { body } = await ask<Pull>(identity, now, '/v1/pull', { query })
  const checkpoint = await acceptCheckpoint(identity, body.checkpoint, body.consistency, now)
  await db.transaction('rw', [db.doors, db.visits, db.outbox, db.tasks, db.settings, db.plain], async () => {
    // A door whose list has not changed comes without its members: those that are here stay.
    const known = await db.doors.bulkGet(body.doors.map(({ dwelling }) => dwelling))
    const kept = known.map((door) => (door?.members === undefined ? {} : { members: door.members }))
    await db.doors.bulkPut(body.doors.map((door, index) => ({ ...kept[index], ...door, own: false })))
    await db.doors.bulkDelete(body.removed)
    await keep('sweeps', body.sweeps)
    const shown = await setting('sweep')
    if (!body.sweeps.some(({ id, closed_at }) => id === shown && !closed_at)) {
      const next = standing(body.sweeps, identity.area.code, now())
      if (next !== null) await keep('sweep', next.id)
    }
    if (body.plans !== undefined) await keep('plans', body.plans)
    if (body.hand_overs !== undefined) await keep('handOvers', body.hand_overs)
    await keepDecisions(body.held ?? [])
    await keepCases(asked, body.came_of ?? [])
    if (body.tasks !== undefined) await keepTasks(body.tasks)
    if (body.forms !== undefined) await keep('formsTold', body.forms)
    await keep('recoveryKey', fromBase64(body.recovery_key))
    await keep('endsAt', body.ends_at ? Date.parse(body.ends_at) : null)
    await keep('checkpoint', checkpoint)
    await keep('cursor', body.cursor)
  })
  return body.more
}

/** Forms and rules, when the server said that they may have changed. What is cut short is fetched with the next round. */
async function fetchForms(identity: Identity, now: () => number): Promise<void> {
  const told = await setting('formsTold')
  if (told === undefined || told === (await setting('formsKnown'))) return
  const { forms } = (await ask<{ forms: FormRow[] }>(identity, now, '/v1/forms', {})).body
  const { rules } = (await ask<{ rules: DoorRule[] }>(identity, now, '/v1/rules', {})).body
  const fetched: KeptForm[] = []
  for (const row of forms) {
    const key = `${row.programme}/${row.version}/${row.form}`
    const known = await db.forms.get(key)
    const xml = known?.digest === row.digest ? known.xml : await formXml(identity, now, key)
    const own = rules.filter(({ programme, version, form }) => `${programme}/${version}/${form}` === key)
    fetched.push({ ...row, key, xml, rules: own })
  }
  await fetchFiles(identity, now, fetched)
  await db.transaction('rw', db.forms, db.settings, async () => {
    await db.forms.clear()
    await db.forms.bulkPut(fetched)
    await keep('formsKnown', told)
  })
}

/** What lies beside the forms: a form is here only with all of it. */
async function fetchFiles(identity: Identity, now: () => number, forms: readonly KeptForm[]): Promise<void> {
  const known = new Set(await db.files.toCollection().primaryKeys())
  const wanted = new Set<string>()
  for (const { key, files = [] } of forms) {
    for (const { name, digest } of files) {
      wanted.add(digest)
      if (known.has(digest)) continue
      const path = `/v1/forms/${key.split('/').map(encodeURIComponent).join('/')}/files/${encodeURIComponent(name)}`
      const bytes = new Uint8Array(await (await ask<Blob>(identity, now, path, { file: true })).body.arrayBuffer())
      await db.files.put({ digest, bytes })
      known.add(digest)
    }
  }
  await db.files.bulkDelete([...known].filter((digest) => !wanted.has(digest)))
}

async function formXml(identity: Identity, now: () => number, key: string): Promise<string> {
  const path = `/v1/forms/${key.split('/').map(encodeURIComponent).join('/')}`
  return (await ask<Blob>(identity, now, path, { file: true })).body.text()
}

/** What a person decided about records that waited: whoever made them is told, also of one that she had put away. */
async function keepDecisions(decisions: readonly HeldDecision[]): Promise<void> {
  for (const { sequence, status, reason, message, message_en: messageEn } of decisions) {
    const fact = await db.outbox.get(sequence)
    if (!fact?.receipt) continue
    const told = { reason: status === 'refused' ? REFUSED : (reason ?? null), message: message ?? null, messageEn: messageEn ?? null }
    const fate = status === 'released' ? ('accepted' as const) : ('quarantined' as const)
    await db.outbox.update(sequence, { fate, putAway: false, receipt: { ...fact.receipt, ...told } })
  }
}

/** Answers of which nothing is said any more stay as they were told last: what came of them has ended. */
async function keepCases(asked: readonly OutboxFact[], cases: readonly CameOf[]): Promise<void> {
  for (const { sequence, receipt } of asked) {
    const came = cases.filter(({ position }) => position === receipt!.position)
    if (came.length > 0) await db.outbox.update(sequence, { came })
  }
}

async function keepTasks({ known, roles, colleagues, others, office_phone: office, rows }: MyTasks): Promise<void> {
  await db.tasks.clear()
  await db.tasks.bulkPut(rows.map((row) => ({ ...row, id: `${row.case}/${row.task}` })))
  // What another's step overtook is in the ledger and changed nothing: whoever took it is told, as of what was sent back.
  for (const sequence of new Set(rows.flatMap(({ overtaken }) => overtaken ?? []))) {
    const fact = await db.outbox.get(sequence)
    if (fact?.receipt?.reason !== null) continue
    await db.outbox.update(sequence, { fate: 'quarantined', receipt: { ...fact.receipt, reason: 'case_moved' } })
  }
  await keep('caseRoles', roles)
  await keep('colleagues', colleagues)
  await keep('others', others ?? [])
  if (office !== undefined) await keep('officePhone', office)
  await keep('tasksKnown', known)
}

/**
 * The rule that makes the phone a witness: a checkpoint counts only if it is signed by the key known since enrolment and
 * extends the last one shown. Anything else is written down for good and stops the exchange.
 */
async function acceptCheckpoint(
  sender: Sender,
  note: string,
  consistency: readonly string[],
  now: () => number,
): Promise<SeenCheckpoint> {
  const before = await setting('checkpoint')
  const known = await setting('origin')
  const origin = known ?? note.split('\n', 1)[0]!
  const refuse = async (why: PastRewritten['why']): Promise<never> => {
    const none: SeenCheckpoint = { size: 0, root: new Uint8Array(32), note: '', seenAt: now() }
    const record: PastRewritten = { before: before ?? none, shown: note, why, at: now() }
    await keep('pastRewritten', record)
    throw new PastWasRewritten(record)
  }
  let opened
  try {
    opened = await openCheckpoint(note, origin, sender.checkpointKey)
  } catch (error) {
    if (error instanceof BadCheckpoint) return refuse('signature')
    throw error
  }
  if (before !== undefined) {
    if (opened.size < before.size) return refuse('shrunk')
    const proof = consistency.map(fromBase64)
    if (!verifyConsistency(before.size, before.root, opened.size, opened.root, proof)) return refuse('inconsistent')
  }
  if (known === undefined) await keep('origin', origin)
  const seenAt = bestTime(now(), (await setting('serverTime')) ?? null)
  return { size: opened.size, root: opened.root as Bytes, note, seenAt }
}

async function requireIncluded(
  last: OutboxFact,
  answer: PushAnswer,
  checkpoint: SeenCheckpoint,
  now: () => number,
): Promise<void> {
  const receipt = answer.receipts.find(({ sequence }) => sequence === last.sequence)
  const { position, proof } = answer.inclusion
  const included =
    receipt !== undefined &&
    verifyInclusion(
      leafHash(leafEntry(last.envelope, Date.parse(receipt.received_at), receipt.verdict)),
      position,
      checkpoint.size,
      proof.map(fromBase64),
      checkpoint.root,
    )
  if (included) return
  const before = (await setting('checkpoint')) ?? checkpoint
  const record: PastRewritten = { before, shown: checkpoint.note, why: 'inclusion', at: now() }
  await keep('pastRewritten', record)
  throw new PastWasRewritten(record)
}

/** A question of this phone's, with its token if it is open. */
export async function ask<Body>(
  sender: Sender,
  now: () => number,
  path: string,
  options: CallOptions,
): Promise<Answer<Body>> {
  const headers: Record<string, string> = isOpen(sender) ? { authorization: `Device ${idText(sender.series)}:${sender.token}` } : {}
  const answer = await call<Body>(path, { ...options, headers, bare: true })
  if (answer.serverTime !== null) await keep('serverTime', { server: answer.serverTime, device: now() })
  return answer
}

