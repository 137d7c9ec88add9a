/**
 * The contract's server in memory: enough of it to develop the pages and to show states that a sound server never
 * reaches (a rewritten past, a wrong clock). Keeps nothing, checks little, and is never shipped.
 *
 *   node e2e/mock/server.mjs [port]     serves web/dist, the phone page and /v1
 */
import { createHash, createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AREAS, makeDoors, OUTCOMES } from './city.mjs'
import { consistency, inclusion, leafHash, root } from './tree.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const dist = join(here, '../../web/dist')
const cborg = new URL('../../web/node_modules/cborg/cborg.js', import.meta.url)
const { decode, encode } = await import(cborg)

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const ORIGIN = 'wanjia/420102'
const PLACES = ['home', 'enterprise', 'hotel', 'site', 'market', 'checkpoint', 'other']
const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const uuid = (bytes) => Buffer.from(bytes).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

export function makeMock({ now = Date.now } = {}) {
  const key = generateKeyPairSync('ed25519')
  const publicKey = key.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const sweep = {
    id: '50000000-0000-4000-8000-000000000001',
    area_code: '420102',
    area_name: '江岸区',
    programme: '入冬大排查',
    opened_at: new Date(now() - 40 * 3_600_000).toISOString(),
    deadline: new Date(now() + 32 * 3_600_000).toISOString(),
    closed_at: null,
  }
  const recovery = generateKeyPairSync('x25519')
  const recoveryKey = recovery.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
  const mock = {
    /** The end of every phone's deployment, and what a new version of the phone's service worker has at its end. */
    endsAt: null,
    update: '',
    lastPush: null,
    sweepId: sweep.id,
    attachments: [],
    attachmentStatus: 204,
    recovery: recovery.privateKey,
    /** Levers for tests: the clock's offset in ms, refusing service, cutting the answer of the next push, lying about the past. */
    clockOffset: 0,
    away: false,
    cutNextPush: false,
    rewrite: false,
    quarantineNext: null,
    /** What lies behind a case, and by whom it was asked for. */
    why: null,
    telephones: null,
    read: [],
    /** Of the phone that enrolled last. */
    actor: '',
    /** What the phone's next pulls tell of records that waited. */
    decisions: /** @type {object[]} */ ([]),
    cameOf: /** @type {((answers: string) => object[]) | null} */ (null),
    pushes: 0,
    /** What a phone is told of published plans; null: nothing changed. */
    plans: /** @type {object[] | null} */ (null),
    /** What is due from a phone's worker, and the forms in force with their rules; null: there are none. */
    tasks: /** @type {any} */ (null),
    handOvers: /** @type {any} */ (null),
    forms: /** @type {{known: string, forms: any[], rules: object[]} | null} */ (null),
    /** Of the account at the console. */
    role: 'community_secretary',
  }
  const doors = makeDoors(sweep.id, now())
  let leaves = Array.from({ length: 40 }, (_, index) => leafHash(Buffer.from(`seed ${index}`)))
  const invitations = new Map()
  const devices = new Map()
  const listeners = new Set()
  let version = 1
  for (const door of doors) door.version = 1
  seedDevices()

  function seedDevices() {
    const names = ['陈小燕', '李国强', '王桂芳', '赵志远', '周明']
    names.forEach((name, index) => {
      devices.set(randomUUID(), {
        worker_name: name,
        role: 'grid_worker',
        area_code: AREAS[3 + (index % 4)].code,
        enrolled_at: new Date(now() - (38 - index) * 3_600_000).toISOString(),
        last_seen_at: new Date(now() - [4, 11, 38, 190, 2400][index] * 60_000).toISOString(),
        revoked_at: index === 4 ? new Date(now() - 7_200_000).toISOString() : null,
        facts: new Map(Array.from({ length: [212, 148, 301, 77, 12][index] }, (_, at) => [at, null])),
        quarantined: index === 2 ? 1 : 0,
      })
    })
  }

  const nameOf = (person) => {
    for (const door of doors) {
      const known = [...door.members, ...door.strangers].find((one) => one.person === person)
      if (known) return known.name
    }
    return ''
  }
  const declined = new Set()
  let held = [
    { series: randomUUID(), sequence: 41, worker_name: '王桂芳', reason: 'outside_sweep', message: '这户不在这次排查的范围内。', message_en: 'This door is outside the sweep.', received_at: new Date(now() - 3_600_000).toISOString(), kind: 'visited', dwelling: doors[0].dwelling, area_code: doors[0].area_code, building: '1', unit: '1', room: '101' },
  ]
  const areaName = (code) => AREAS.find((area) => area.code === code)?.name ?? code
  const within = (code, ancestor) => code.startsWith(ancestor)
  const accounted = (door) =>
    ['met', 'phone', 'vacant', 'not_exist'].includes(door.outcome) ||
    (door.outcome === 'away' && door.recheck !== null) ||
    (door.outcome === 'refused' && door.signed)
  const reason = (door) =>
    door.outcome === null ? 'never_visited' : door.outcome === 'refused' ? 'refused_unsigned' : accounted(door) ? null : 'no_answer'
  const dayText = (day) => (day === null ? null : new Date(day * 86_400_000).toISOString().slice(0, 10))

  function checkpoint(tree = leaves) {
    const body = `${ORIGIN}\n${tree.length}\n${root(tree).toString('base64')}\n`
    const id = sha256(Buffer.concat([Buffer.from(`${ORIGIN}\n`), Buffer.of(1), publicKey])).subarray(0, 4)
    return `${body}\n— ${ORIGIN} ${Buffer.concat([id, sign(null, Buffer.from(body), key.privateKey)]).toString('base64')}\n`
  }

  function proofFrom(known) {
    return consistency(Math.min(known, leaves.length), leaves).map((hash) => hash.toString('base64'))
  }

  function people(list) {
    const rows = []
    for (const door of list) {
      const at = { dwelling: door.dwelling, area_code: door.area_code, building: door.building, unit: door.unit, room: door.room }
      for (const member of door.members) {
        const kind = door.seen.includes(member.person) || door.outcome === 'phone'
          ? 'confirmed'
          : door.outcome === 'away'
            ? 'away'
            : ['met', 'vacant', 'not_exist'].includes(door.outcome) || (door.outcome === 'no_answer' && door.light === 'off')
              ? 'listed_dark'
              : 'unresolved'
        const due = kind === 'listed_dark' ? new Date(door.at + 12 * 3_600_000).toISOString() : kind === 'away' ? `${dayText(door.recheck)}T20:00:00+08:00` : null
        rows.push({ kind, person_id: member.person, ...at, task: { listed_dark: 'phone', away: 'recheck' }[kind] ?? null, due })
      }
      for (const { person } of door.strangers) {
        rows.push({ kind: 'lit_unlisted', person_id: person, ...at, task: 'register', due: new Date(door.at + 10 * 3_600_000).toISOString(), ...proposalsOf(door, person) })
      }
      if (door.members.length === 0 && door.strangers.length === 0 && (door.outcome === 'met' || (door.outcome === 'no_answer' && door.light === 'on'))) {
        rows.push({ kind: 'lit_unlisted', person_id: null, ...at, task: 'register', due: new Date(door.at + 10 * 3_600_000).toISOString() })
      }
    }
    const dark = rows.filter(({ kind }) => kind === 'listed_dark')
    dark.slice(0, 2).forEach((row) => Object.assign(row, { kind: 'moved', task: 'confirm_address', seen_at: { area_code: row.area_code, building: '2', unit: '1', room: '702' } }))
    return rows
  }

  /** Every other stranger may be someone listed: two of this door, and one elsewhere, of whom nothing more is told. */
  function proposalsOf(door, person) {
    if (Number.parseInt(person.slice(-2), 16) % 2 === 1) return { proposals: [{ per_mille: 640, in_area: false }] }
    const here = door.members.filter((member) => !declined.has(`${person} ${member.person}`)).slice(0, 2)
    if (here.length === 0) return {}
    return { proposals: [...here.map((member, at) => ({ candidate: member.person, per_mille: 930 - 700 * at, in_area: true })), { per_mille: 120, in_area: false }] }
  }

  function evidenceOf({ from, to }) {
    const [seen, listed] = [from, to].map((person) => doors.find((door) => [...door.members, ...door.strangers].some((one) => one.person === person)))
    let total = -13.3
    const field = (name, zh, en, left, right, agreementZh, agreementEn, weight) => ({ field: name, field_zh: zh, field_en: en, left, right, agreement_zh: agreementZh, agreement_en: agreementEn, weight, total: (total += weight) })
    const side = (person, door) => ({ person, area_code: door.area_code, area_name: areaName(door.area_code), building: door.building, unit: door.unit, room: door.room })
    const evidence = [
      field('name', '姓名', 'name', nameOf(to), nameOf(from), '同音', 'same sound', 12.6),
      field('birth', '出生日期', 'birth date', '1970-01-01', '1970-01-01', '完全相同', 'the same', 9.8),
      field('identifier', '证件号码', 'identity number', '···0014', '', '至少一方没有', 'missing on a side', 0),
      field('phone', '电话', 'telephone', '10000000001', '10000000009', '不同', 'different', -3.6),
      field('sex', '性别', 'sex', '男', '男', '相同', 'the same', 1),
      field('dwelling', '住处', 'dwelling', `${areaName(listed.area_code)} ${listed.building} ${listed.unit} ${listed.room}`, `${areaName(seen.area_code)} ${seen.building} ${seen.unit} ${seen.room}`, '同楼栋', 'same building', -2.6),
    ]
    return { from, to, per_mille: 930, prior: -13.3, evidence, total, persons: [side(from, seen), side(to, listed)] }
  }

  function row(area) {
    const list = doors.filter((door) => within(door.area_code, area.code))
    const persons = people(list)
    const count = (kind) => persons.filter((person) => person.kind === kind).length
    const done = list.filter(accounted).length
    return {
      code: area.code,
      name: area.name,
      level: area.level,
      dwellings: list.length,
      accounted: done,
      residual: list.length - done,
      persons_listed: persons.filter(({ kind }) => kind !== 'lit_unlisted').length,
      persons_reached: count('confirmed'),
      lit_unlisted: count('lit_unlisted'),
      listed_dark: count('listed_dark'),
      persons_away: count('away'),
    }
  }

  function doorOut(door, series) {
    return {
      dwelling: door.dwelling,
      area_code: door.area_code,
      building: door.building,
      unit: door.unit,
      room: door.room,
      place: door.place,
      floor: door.floor,
      listed: door.members.length,
      members: door.members,
      sweeps: [
        {
          sweep: sweep.id,
          outcome: door.outcome,
          at: door.at === null ? null : new Date(door.at).toISOString(),
          recheck_on: dayText(door.recheck),
          reason: reason(door),
        },
      ],
      series,
    }
  }

  function apply(payload, sequence) {
    const [kind, at, , body] = decode(payload)
    version += 1
    if (kind === 2) {
      const [dwelling, area, building, unit, room, place] = body
      doors.push({ dwelling: uuid(dwelling), area_code: area, building, unit, room, place: PLACES[place], floor: Number(/^(\d{1,2})\d{2}$/.exec(room)?.[1] ?? 0) || null, members: [], outcome: null, light: 'unknown', at: null, recheck: null, signed: false, seen: [], registered: [], strangers: [], version })
      return
    }
    if (kind >= 32 && kind !== 61) return
    const door = doors.find(({ dwelling }) => dwelling === uuid(body[1]))
    if (door === undefined) return
    door.version = version
    if (kind === 9) Object.assign(door, { outcome: OUTCOMES[body[2]], light: ['unknown', 'on', 'off'][body[3]], at, recheck: body[5], sequence })
    if (kind === 61 && door.sequence >= body[2] && door.sequence < body[2] + body[3]) Object.assign(door, { outcome: null, light: 'unknown', at: null, recheck: null, seen: [] })
    if (kind === 10) {
      const person = uuid(body[2])
      if (door.members.some((member) => member.person === person)) door.seen.push(person)
      else door.strangers.push({ person, name: '（已加密）' })
    }
  }

  function push(device, series, { facts, signature, known_size: known }) {
    const decoded = facts.map(({ fact }) => ({ bytes: Buffer.from(fact, 'base64'), envelope: decode(Buffer.from(fact, 'base64')) }))
    const last = decoded.at(-1)
    const message = Buffer.concat([Buffer.from('wanjia series head v1\n'), last.envelope[1], u64(last.envelope[2]), sha256(last.bytes)])
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), device.publicKey])
    const good = verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), Buffer.from(signature, 'base64'))
    if (!good) return problem(422, '签名不对', '这批记录的签名与登记的钥匙不符。', 'The head signature does not match the enrolled key.')
    const receipts = []
    for (const { bytes, envelope } of decoded) {
      const [, , sequence, previous, payload] = envelope
      const known = device.facts.get(sequence)
      if (known !== undefined) {
        receipts.push({ ...known.receipt, status: known.receipt.verdict === 0 ? 'duplicate' : 'quarantined' })
        continue
      }
      const before = device.facts.get(sequence - 1)
      const expected = sequence === 0 ? Buffer.alloc(32) : before && sha256(before.bytes)
      if (!expected || !expected.equals(Buffer.from(previous))) {
        const gap = problem(409, '序列不连续', `第 ${sequence} 条接不上前一条。`, `Fact ${sequence} does not link to the one before.`, 'gap')
        Object.assign(gap.body, { expected: device.facts.size })
        return gap
      }
      const held = device.revoked_at ? { reason: 'revoked', message: '发来时手机已停用。', message_en: 'The phone was revoked when this arrived.' } : mock.quarantineNext
      mock.quarantineNext = null
      const verdict = held === null ? 0 : 3
      const receivedAt = now()
      const position = leaves.length
      leaves.push(leafHash(encode([new Uint8Array(bytes), receivedAt, verdict])))
      const receipt = { sequence, status: held === null ? 'accepted' : 'quarantined', position, received_at: new Date(receivedAt).toISOString(), verdict, ...(held ?? {}) }
      device.facts.set(sequence, { bytes, receipt })
      if (held === null) apply(payload, sequence)
      receipts.push(receipt)
    }
    device.last_seen_at = new Date(now()).toISOString()
    announce()
    const final = receipts.at(-1)
    const lied = mock.rewrite ? leaves.map((leaf, index) => (index === 3 ? leafHash(Buffer.from('rewritten')) : leaf)) : leaves
    return {
      status: 200,
      body: {
        receipts,
        head: { sequence: last.envelope[2], hash: sha256(last.bytes).toString('base64') },
        checkpoint: checkpoint(lied),
        consistency: consistency(Math.min(known, lied.length), lied).map((hash) => hash.toString('base64')),
        inclusion: { position: final.position, proof: inclusion(final.position, lied).map((hash) => hash.toString('base64')) },
      },
    }
  }

  function announce() {
    for (const response of listeners) response.write(`event: changed\ndata: ${JSON.stringify({ size: leaves.length, sweeps: [sweep.id] })}\n\n`)
  }

  const session = () => ({ account: { id: randomUUID(), name: '彭书记', role: mock.role, area_code: '420102', area_name: '江岸区' } })
  const sessions = new Set()

  function route(method, path, query, body, raw, request) {
    const device = deviceOf(request)
    const signedIn = sessions.has(/wanjia_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1])
    if (path === '/v1/session') {
      if (method === 'POST') {
        if (body.password !== 'wanjia-demo' || !/^\d{6}$/.test(body.code)) return problem(401, '没有登录', '用户名、密码或动态码不对。', 'The user name, password or code is wrong.')
        const token = randomUUID()
        sessions.add(token)
        return { status: 200, body: session(), headers: { 'set-cookie': `wanjia_session=${token}; HttpOnly; SameSite=Strict; Path=/` } }
      }
      if (method === 'DELETE') return sessions.clear(), { status: 204, body: null }
      return signedIn ? { status: 200, body: session() } : problem(401, '没有登录', '请先登录。', 'Please sign in.')
    }
    if (path === '/v1/devices' && method === 'POST') {
      const invitation = invitations.get(body.invitation)
      if (invitation === undefined) return problem(404, '邀请无效', '这个邀请已用过或已过期，请社区重新邀请。', 'This invitation was used or has expired; ask for a new one.')
      invitations.delete(body.invitation)
      const token = randomUUID()
      devices.set(body.series, { ...invitation, token, publicKey: Buffer.from(body.public_key, 'base64'), enrolled_at: new Date(now()).toISOString(), last_seen_at: null, revoked_at: null, facts: new Map(), quarantined: 0 })
      return {
        status: 201,
        body: { token, actor: (mock.actor = randomUUID()), worker_name: invitation.worker_name, area: { code: invitation.area_code, name: areaName(invitation.area_code) }, sweeps: [sweep.id], territory: '420102', campaign: { offset_hours: 8 }, checkpoint_key: publicKey.toString('base64'), recovery_key: recoveryKey, ...(mock.endsAt === null ? {} : { ends_at: mock.endsAt }) },
      }
    }
    if (path === '/v1/facts' && method === 'POST') {
      // Without a token the signature says who it is.
      const sender = device ?? (request.headers.authorization === undefined ? devices.get(body.series) : null)
      mock.lastPush = body
      return sender ? push(sender, body.series, body) : unknownDevice()
    }
    if (path === '/v1/attachments' && method === 'POST') {
      if (mock.attachmentStatus !== 204) return problem(mock.attachmentStatus, '没有收下', '图片没有收下。', 'The picture was not taken.')
      const [series, sequence, name] = ['series', 'sequence', 'name'].map((part) => query.get(part))
      mock.attachments.push({ series, sequence: Number(sequence), name, content: raw, sealedKey: Buffer.from(request.headers['x-sealed-key'], 'base64'), token: request.headers.authorization })
      return { status: 204, body: null }
    }
    if (path === '/v1/facts/head') {
      if (device?.revoked_at) return revokedDevice()
      const facts = devices.get(query.get('series'))?.facts
      if (!facts || facts.size === 0) return problem(404, '没有记录', '服务器还没有这台手机的记录。', 'The server has nothing of this series.')
      const sequence = facts.size - 1
      return { status: 200, body: { sequence, hash: sha256(facts.get(sequence).bytes).toString('base64') } }
    }
    if (path === '/v1/pull') {
      if (!device) return unknownDevice()
      if (device.revoked_at) return revokedDevice()
      if (mock.endsAt !== null && Date.parse(mock.endsAt) < now()) return problem(403, '没有权限', '这台手机的任务期限已过。', 'This phone’s deployment has ended.', 'device_ended')
      const after = Number(query.get('after') || 0)
      const changed = doors.filter((door) => within(door.area_code, device.area_code) && door.version > after)
      return { status: 200, body: { cursor: String(version), checkpoint: checkpoint(), consistency: proofFrom(Number(query.get('known_size') || 0)), doors: changed.map((door) => (after > 0 ? { ...doorOut(door), members: undefined } : doorOut(door))), removed: [], recovery_key: recoveryKey, ...(mock.endsAt === null ? {} : { ends_at: mock.endsAt }), sweeps: [sweep], ...(mock.plans === null ? {} : { plans: mock.plans }), ...(mock.decisions.length === 0 ? {} : { held: mock.decisions }), ...(mock.cameOf === null ? {} : { came_of: mock.cameOf(query.get('answers') ?? '') }), ...(mock.handOvers === null ? {} : { hand_overs: mock.handOvers }), ...(mock.tasks === null || mock.tasks.known === query.get('tasks') ? {} : { tasks: mock.tasks }), ...(mock.forms === null ? {} : { forms: mock.forms.known }), more: false } }
    }
    if (mock.forms !== null && path === '/v1/forms') return device ? { status: 200, body: { forms: mock.forms.forms.map(({ xml, ...row }) => row) } } : unknownDevice()
    if (mock.forms !== null && path === '/v1/rules') return device ? { status: 200, body: { rules: mock.forms.rules } } : unknownDevice()
    if (mock.forms !== null && path.startsWith('/v1/forms/')) {
      const [programme, version, form] = path.split('/').slice(3).map(decodeURIComponent)
      const found = mock.forms.forms.find((one) => one.programme === programme && one.version === version && one.form === form)
      return found === undefined ? problem(404, '没有这张表', '没有这张表。', 'There is no such form.') : { status: 200, text: found.xml, body: null }
    }
    const rung = /^\/v1\/cases\/([^/]+)\/telephones$/.exec(path)
    if (rung && mock.telephones !== null) {
      if (!device) return unknownDevice()
      mock.read.push({ case: rung[1], purpose: query.get('purpose'), telephones: true })
      return { status: 200, body: mock.telephones }
    }
    const why = /^\/v1\/cases\/([^/]+)\/why$/.exec(path)
    if (why && mock.why !== null) {
      if (!device) return unknownDevice()
      mock.read.push({ case: why[1], purpose: query.get('purpose') })
      return { status: 200, body: mock.why }
    }
    const cleared = /^\/v1\/devices\/([^/]+)$/.exec(path)
    if (cleared && method === 'DELETE' && device && device === devices.get(cleared[1])) {
      device.revoked_at = new Date(now()).toISOString()
      return { status: 204, body: null }
    }
    const standing = /^\/v1\/devices\/([^/]+)\/standing$/.exec(path)
    if (standing) {
      const known = devices.get(standing[1])
      if (!known) return problem(404, '没有这台手机', '没有这台手机。', 'There is no such phone.', 'unknown_device')
      if (known.revoked_at) return revokedDevice()
      if (mock.endsAt !== null && Date.parse(mock.endsAt) < now() + mock.clockOffset) return problem(403, '没有权限', '这台手机的任务期限已过。', 'This phone’s deployment has ended.', 'device_ended')
      return { status: 204, body: null }
    }
    if (!signedIn) return problem(401, '没有登录', '请先登录。', 'Please sign in.')
    if (method !== 'GET' && request.headers['x-wanjia'] !== 'console') return problem(403, '来路不明', '请求不是从控制台发出的。', 'The request did not come from the console.', 'csrf')
    if (path === '/v1/devices/invitations' && method === 'GET') return { status: 200, body: { invitations: [] } }
    if (path === '/v1/devices/invitations') {
      const invitation = randomUUID()
      invitations.set(invitation, body)
      const url = `${query.get('origin') ?? `http://${request.headers.host}`}/phone/#/enrol/${invitation}`
      return { status: 201, body: { invitation, url, qr_svg: fakeQr(invitation), expires_at: new Date(now() + 900_000).toISOString() } }
    }
    if (path === '/v1/devices' && method === 'GET') {
      return { status: 200, body: { devices: [...devices].map(([series, { facts, token, publicKey: _, ...rest }]) => ({ series, area_name: areaName(rest.area_code), ...rest, facts: facts.size })) } }
    }
    const revoked = /^\/v1\/devices\/([^/]+)$/.exec(path)
    if (revoked && method === 'DELETE') {
      const known = devices.get(revoked[1])
      if (known) known.revoked_at = new Date(now()).toISOString()
      return { status: 204, body: null }
    }
    if (path === '/v1/areas') {
      const parent = query.get('parent') || null
      return { status: 200, body: { areas: AREAS.filter((area) => area.parent_code === parent) } }
    }
    if (path === '/v1/sweeps' && method === 'GET') return { status: 200, body: { sweeps: [sweep] } }
    const under = /^\/v1\/sweeps\/[^/]+\/(\w+)$/.exec(path)
    if (under) return sweepRoute(under[1], query, body)
    if (path === '/v1/roster') return rosterRoute(query, raw)
    if (path === '/v1/persons' && method === 'POST') {
      const door = doors.find(({ dwelling }) => dwelling === body.dwelling)
      const person = randomUUID()
      door.strangers = door.strangers.filter(({ person: seen }) => seen !== body.person)
      door.members.push({ person, name: body.name, relation: body.relation ?? '' })
      door.seen.push(person)
      announce()
      return { status: 201, body: { person } }
    }
    if (path === '/v1/persons/names') return { status: 200, body: { names: body.persons.map((person) => ({ person, name: nameOf(person) })) } }
    const single = /^\/v1\/persons\/(.+)$/.exec(path)
    if (single) return { status: 200, body: { person: single[1], name: nameOf(single[1]), phone: '10000000001' } }
    if (path === '/v1/links/evidence') return { status: 200, body: evidenceOf(body) }
    if (path === '/v1/links/declined') {
      declined.add(`${body.from} ${body.to}`)
      announce()
      return { status: 204, body: null }
    }
    if (path === '/v1/links') {
      const { from, to } = body
      for (const door of doors) {
        if (method === 'POST' && door.strangers.some(({ person }) => person === from)) {
          door.strangers = door.strangers.filter(({ person }) => person !== from)
          door.seen.push(to)
          mock.linked = { from, to, door }
        }
      }
      if (method === 'DELETE' && mock.linked) {
        mock.linked.door.strangers.push({ person: from, name: '（已加密）' })
        mock.linked.door.seen = mock.linked.door.seen.filter((person) => person !== to)
      }
      announce()
      return { status: 204, body: null }
    }
    if (path === '/v1/quarantine') return { status: 200, body: { rows: query.get('refused') === 'true' ? [] : held } }
    const released = /^\/v1\/quarantine\/([^/]+)\/(\d+)\/release$/.exec(path)
    if (released) {
      held = held.filter(({ series, sequence }) => series !== released[1] || sequence !== Number(released[2]))
      return { status: 204, body: null }
    }
    if (path === '/v1/sweeps' && method === 'POST') return { status: 201, body: { ...sweep, ...body } }
    return problem(404, '没有这个地址', path, path)
  }

  function sweepRoute(verb, query, body) {
    const area = query.get('area') || '420102'
    const list = doors.filter((door) => within(door.area_code, area))
    const node = AREAS.find(({ code }) => code === area)
    if (verb !== 'coverage' && verb !== 'sign' && verb !== 'close' && node?.level !== 'community') {
      return problem(422, '范围太大', '名单按社区查看，请先选一个社区。', 'Lists are given by community; choose one.', 'area_too_large')
    }
    const limit = Number(query.get('limit') || 100)
    const from = Number(query.get('cursor') || 0)
    const page = (rows) => ({ status: 200, body: { rows: rows.slice(from, from + limit), next: from + limit < rows.length ? String(from + limit) : null } })
    if (verb === 'coverage') {
      return { status: 200, body: { as_of: new Date(now()).toISOString(), devices_reported: 23, devices_total: 25, area: row(node), children: AREAS.filter(({ parent_code: parent }) => parent === area).map(row) } }
    }
    if (verb === 'residual') {
      const wanted = query.get('reason')
      return page(
        list
          .filter((door) => reason(door) !== null && (!wanted || reason(door) === wanted))
          .map((door) => ({ dwelling: door.dwelling, area_code: door.area_code, building: door.building, unit: door.unit, room: door.room, reason: reason(door), outcome: door.outcome, at: door.at === null ? null : new Date(door.at).toISOString(), recheck_on: dayText(door.recheck) })),
      )
    }
    if (verb === 'reconcile') {
      const kind = query.get('kind')
      return page(people(list).filter((person) => !kind || person.kind === kind))
    }
    if (verb === 'tasks') {
      const due = people(list).filter(({ task }) => task !== null)
      return page(due.sort((left, right) => String(left.due).localeCompare(String(right.due))).map((row) => ({ ...row, overdue: Date.parse(row.due) < now() })))
    }
    if (verb === 'left') {
      const of = (name) => doors.filter((door) => reason(door) === name).length
      const lines = people(doors)
      const kind = (name) => lines.filter((line) => line.kind === name).length
      const recorded = doors.filter((door) => door.outcome !== undefined && door.outcome !== null).length
      return { status: 200, body: { never_visited: of('never_visited'), no_answer: of('no_answer'), refused_unsigned: of('refused_unsigned'), listed_dark: kind('listed_dark'), moved: kind('moved'), away: kind('away'), lit_unlisted: kind('lit_unlisted'), held: held.length, recorded } }
    }
    if (verb === 'close') {
      const left = doors.filter((door) => reason(door) !== null && !body.signatures.includes(door.dwelling))
      if (left.length > 0) return problem(409, '还有没到的户', `还有 ${left.length} 户没有到，也没有签字。`, `${left.length} dwellings were neither reached nor signed for.`, 'residual')
      sweep.closed_at = new Date(now()).toISOString()
      return { status: 204, body: null }
    }
    if (verb === 'buildings') {
      const names = [...new Set(list.map(({ building }) => building))]
      return { status: 200, body: { buildings: names.map((building) => ({ building, dwellings: list.filter((door) => door.building === building).length, accounted: list.filter((door) => door.building === building && accounted(door)).length })) } }
    }
    if (verb === 'matrix') {
      const building = query.get('building')
      const mine = list.filter((door) => door.building === building)
      const units = [...new Set(mine.map(({ unit }) => unit))].map((unit) => ({
        unit,
        floors: [...new Set(mine.filter((door) => door.unit === unit).map(({ floor }) => floor))]
          .sort((left, right) => right - left)
          .map((floor) => ({
            floor,
            doors: mine
              .filter((door) => door.unit === unit && door.floor === floor)
              .map((door) => ({ dwelling: door.dwelling, room: door.room, place: door.place, outcome: door.outcome, state: accounted(door) ? 'accounted' : door.members.length === 0 && door.outcome !== null ? 'discovered' : 'residual', listed: door.members.length, seen: door.seen.length + door.strangers.length })),
          })),
      }))
      return { status: 200, body: { building, units } }
    }
    if (verb === 'sign') {
      const door = doors.find(({ dwelling }) => dwelling === body.dwelling)
      door.signed = true
      announce()
      return { status: 204, body: null }
    }
    return problem(404, '没有这个地址', verb, verb)
  }

  function rosterRoute(query, raw) {
    const dry = query.get('dry_run') === 'true'
    const lines = raw.toString('utf8').trim().split(/\r?\n/)
    const rows = lines.slice(1).map((line, index) => {
      const verdict = index % 9 === 4 ? 'refused' : index % 5 === 3 ? 'changed' : index % 7 === 0 ? 'left' : 'added'
      return { row: index + 2, verdict, field: verdict === 'refused' ? 'id_number' : null, message: verdict === 'refused' ? '身份证号校验位不对' : verdict === 'changed' ? '电话有变化' : verdict === 'left' ? '和已有的一样' : '新增居民', message_en: verdict === 'refused' ? 'The check digit of the ID number is wrong' : verdict === 'changed' ? 'The phone number changed' : verdict === 'left' ? 'As it is already' : 'A new resident' }
    })
    const count = (verdict) => rows.filter((one) => one.verdict === verdict).length
    return { status: 200, body: { added: count('added'), changed: count('changed'), left: count('left'), refused: count('refused'), rows, ignored: [{ message: '不认识“备注2”这一列，没有采用', message_en: 'column "备注2" means nothing here and is ignored' }], applied: !dry } }
  }

  function deviceOf(request) {
    const parts = /^Device ([^:]+):(.+)$/.exec(request.headers.authorization ?? '')
    const device = parts && devices.get(parts[1])
    return device && device.token === parts[2] ? device : null
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://mock')
    response.setHeader('content-security-policy', POLICY)
    response.setHeader('date', new Date(now() + mock.clockOffset).toUTCString())
    if (!url.pathname.startsWith('/v1/')) return serveFile(url.pathname, response, url.pathname.endsWith('/sw.js') ? mock.update : '')
    if (mock.away) return request.socket.destroy()
    if (url.pathname === '/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write(': open\n\n')
      listeners.add(response)
      request.on('close', () => listeners.delete(response))
      return
    }
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    let body = null
    if (/json/.test(request.headers['content-type'] ?? '')) body = JSON.parse(raw.toString('utf8') || 'null')
    const pushing = url.pathname === '/v1/facts' && request.method === 'POST'
    if (pushing) mock.pushes += 1
    const answer = route(request.method, url.pathname, url.searchParams, body, raw, request)
    if (pushing && mock.cutNextPush) {
      mock.cutNextPush = false
      return request.socket.destroy()
    }
    const isProblem = answer.status >= 400
    response.writeHead(answer.status, { 'content-type': isProblem ? 'application/problem+json' : answer.text === undefined ? 'application/json' : 'text/xml', ...(answer.headers ?? {}) })
    response.end(answer.text ?? (answer.body === null ? '' : JSON.stringify(answer.body)))
  })

  return Object.assign(mock, {
    server,
    doors,
    sweep,
    invite(worker, area) {
      const invitation = randomUUID()
      invitations.set(invitation, { worker_name: worker, area_code: area, role: 'grid_worker' })
      return invitation
    },
    facts: () => [...devices.values()].reduce((sum, device) => sum + device.facts.size, 0),
    factsOf: (series) => devices.get(series)?.facts.size ?? 0,
    devices,
  })
}

async function serveFile(path, response, tail) {
  const relative = normalize(path).replace(/^\/+/, '')
  const file = relative === '' || relative.endsWith('/') ? join(relative, 'index.html') : relative
  try {
    const bytes = await readFile(join(dist, file))
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
    response.end(Buffer.concat([bytes, Buffer.from(tail)]))
  } catch {
    response.writeHead(404).end()
  }
}

function u64(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

function problem(status, title, detail, english, code = 'refused') {
  return { status, body: { type: `urn:wanjia:problem:${code}`, title, status, detail, detail_en: english } }
}

function unknownDevice() {
  return problem(401, '手机未登记', '这台手机没有登记。', 'This phone is not enrolled.', 'device_unknown')
}

function revokedDevice() {
  return problem(403, '手机已停用', '社区停用了这台手机。', 'This phone was revoked.', 'device_revoked')
}

/** Looks like a code and is none: the mock's invitations are opened by their link. */
function fakeQr(text) {
  const bits = sha256(text)
  let cells = ''
  for (let y = 0; y < 25; y += 1) {
    for (let x = 0; x < 25; x += 1) {
      const corner = (x < 7 || x > 17) && y < 7 ? 1 : x < 7 && y > 17 ? 1 : 0
      const ring = corner && ![1, 5].some((n) => [x, x - 18].includes(n) || [y, y - 18].includes(n))
      if (corner ? ring : (bits[(x * 25 + y) % 32] >> ((x + y) % 8)) & 1) cells += `M${x} ${y}h1v1h-1z`
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 29 29"><path fill="#fff" d="M-2-2h29v29h-29z"/><path d="${cells}"/></svg>`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = makeMock()
  const port = Number(process.argv[2] ?? 8080)
  mock.server.listen(port, '127.0.0.1', () => {
    const invitation = mock.invite('陈小燕', '420102005002')
    console.log(`http://127.0.0.1:${port}/phone/#/enrol/${invitation}`)
  })
}
