/** The HTTP contract's shapes. Ids are hyphenated lower-case UUID text, instants RFC 3339, bytes standard base64. */
import type { Outcome, Place } from '../ledger/facts'

export interface Area {
  code: string
  name: string
  level: string
  parent_code: string | null
}

export interface Account {
  id: string
  name: string
  role: string
  area_code: string
  area_name: string
}

/** An invitation of a phone, without its code: what became of it. */
export interface KnownInvitation {
  worker: string
  worker_name: string
  area_code: string
  area_name: string
  invited_by?: string
  invited_at: string
  expires_at: string
  standing: 'open' | 'used' | 'expired' | 'withdrawn'
  ended_at?: string
}

/** A resident's slip; the code, its address and picture only at the moment it is issued. */
export interface SlipRow {
  slip: string
  dwelling: string
  area_code: string
  area_name: string
  building: string
  unit: string
  room: string
  expires_at: string
}

export interface IssuedSlip extends SlipRow {
  code: string
  url: string
  qr_svg: string
}

export interface KnownSlip extends SlipRow {
  issued_at: string
  revoked_at?: string
}

/** Something a resident said, without its words. */
export interface SaidRow {
  said: string
  what: 'person' | 'help' | 'correction' | 'erasure'
  dwelling: string
  area_code: string
  area_name: string
  building: string
  unit: string
  room: string
  said_at: string
  /** Of help that nobody sees to yet: by when it is to be answered. */
  due?: string
  about?: string
  /** Since when somebody sees to it. */
  taken_on_at?: string
  state: 'waiting' | 'taken_on' | 'confirmed' | 'settled' | 'declined' | 'withdrawn'
  /** When a decision was taken back last. */
  reopened_at?: string
  decided_at?: string
  /** Until when the decision can be taken back. */
  reopens_until?: string
}

export interface SaidWords {
  name?: string
  relation?: string
  sex?: string
  birth_date?: string
  phone?: string
  id_number?: string
  text?: string
}

export interface Invitation {
  invitation: string
  url: string
  qr_svg: string
  expires_at: string
}

export interface OdkUser {
  series: string
  /** Holds the token. */
  server_url: string
  token: string
  qr_svg: string
}

export interface Enrolment {
  token: string
  actor: string
  worker_name: string
  area: { code: string; name: string }
  sweeps: string[]
  campaign: { offset_hours: number }
  /** The raw 32 bytes, base64. */
  checkpoint_key: string
  /** X25519, 32 bytes, base64. */
  recovery_key: string
  ends_at?: string | null
  territory: string
}

export interface Device {
  series: string
  /** Absent for whoever does not manage phones, who is told of silent ones only. */
  worker_name?: string
  area_code: string
  area_name: string
  role: string
  /** In what roles of programmes its worker acts besides; for whoever manages phones. */
  acts_as?: { code: string; zh: string; en: string }[]
  /** No phone of ours but a user of an ODK client. */
  odk: boolean
  enrolled_at: string
  last_seen_at?: string | null
  revoked_at?: string | null
  ends_at?: string | null
  facts: number
  quarantined: number
}

export interface Sweep {
  id: string
  area_code: string
  area_name: string
  programme: string
  opened_at: string
  deadline: string
  closed_at?: string | null
  /** Why it was taken back, if it was. */
  withdrawn?: Misopened
}

export type Misopened = 'area' | 'deadline' | 'name' | 'twice' | 'unwanted'

/** Something that a resident said and nobody decided. */
export interface Unanswered {
  what: 'person' | 'help' | 'correction' | 'erasure'
  said_at: string
  taken_on?: string
  area_code: string
  area_name: string
  reach?: Reach
}

/** Whom to ask about a community: its secretaries, and the number on its slips. */
export interface Reach {
  secretaries?: string[]
  office_phone?: string
}

/** What a sweep leaves open, and at how many doors something was recorded in it. */
export interface SweepLeft {
  never_visited: number
  no_answer: number
  refused_unsigned: number
  listed_dark: number
  moved: number
  away: number
  lit_unlisted: number
  held: number
  recorded: number
}

export interface Member {
  person: string
  name: string
  relation: string
}

/** A visit that reached people, as it is told beside one that came after it and reached nobody. */
export interface Found {
  at: string
  outcome: 'met' | 'phone'
  /** How many of those who are listed were reached in this sweep. */
  reached: number
}

export interface DoorSweep {
  sweep: string
  outcome?: Outcome | null
  at?: string | null
  recheck_on?: string | null
  reason?: ResidualReason | null
  /** The newest visit that reached someone, whatever came after it. */
  found?: Found | null
  /** Who was seen here last and is on no list, by pseudonym. */
  unlisted?: string[]
}

export interface Door {
  dwelling: string
  area_code: string
  building: string
  unit: string
  room: string
  /** Absent on doors that an earlier release kept: homes, as far as it knew. */
  place?: Place | null
  floor?: number | null
  listed: number
  members?: Member[]
  sweeps: DoorSweep[]
}

export type ResidualReason = 'never_visited' | 'no_answer' | 'refused_unsigned'

export interface PushFact {
  fact: string
  content?: string
  data_key?: string
  /** In place of `data_key`: encrypted to the territory. */
  sealed_key?: string
}

export interface Push {
  series: string
  facts: PushFact[]
  signature: string
  known_size: number
}

export interface Receipt {
  sequence: number
  status: 'accepted' | 'duplicate' | 'quarantined'
  reason?: string | null
  message?: string | null
  message_en?: string | null
  position: number
  received_at: string
  verdict: number
}

export interface PushAnswer {
  receipts: Receipt[]
  head: { sequence: number; hash: string }
  checkpoint: string
  consistency: string[]
  inclusion: { position: number; proof: string[] }
}

export interface Pull {
  cursor: string
  checkpoint: string
  consistency: string[]
  doors: Door[]
  removed: string[]
  /** X25519, 32 bytes, base64. */
  recovery_key: string
  ends_at?: string | null
  sweeps: Sweep[]
  /** All of the worker's, when any plan changed since `after`; else those that the phone has stay. */
  plans?: MyPlan[]
  /** What is due from the worker, whole, when it is not what `tasks` said; else what the phone has stays. */
  tasks?: MyTasks
  /** Doors of hers and her colleagues that were handed over in open sweeps, when any changed since `after`. */
  hand_overs?: HandedOver[]
  /** What was decided since about records of this phone that waited; with the first page. */
  held?: HeldDecision[]
  /** The cases that came of the answers at the positions of `answers`; with the first page. */
  came_of?: CameOf[]
  /** Opaque: changes when forms or rules may have changed; with the first page. */
  forms?: string
  more: boolean
}

/** A case that came of answers of this phone, at their position in the ledger. */
export interface CameOf {
  position: number
  case: string
  pathway: Named
  state: Named
  ended: boolean
  since: string
  /** Who answers for what is due, and by when; absent once it has ended. */
  owner?: Named
  due?: string
}

/** released: it counts. refused: it is not to. waiting: a refusal was taken back. */
export interface HeldDecision {
  sequence: number
  status: 'released' | 'refused' | 'waiting'
  reason?: string
  message?: string
  message_en?: string
}

/** A code of a programme, and how it is called. */
export interface Named {
  code: string
  zh: string
  en: string
}

/** A step that a worker may take from where a case stands, or has to sign. */
export interface MyStep {
  deed: 'step' | 'sign'
  step: Named
  to: Named
  /** The role of hers in which she does it. */
  role: string
  /** Roles of which someone else has to sign it before it runs. */
  signed_by: Named[]
  /** The forms that its condition looks at. */
  forms: string[]
  /** Those of them that nobody has filled in: until then its condition does not hold. */
  missing_forms?: string[]
  /** Its condition, and the first day on which it holds by the answers that the server has; absent where it has none. */
  guard?: { says?: Named; holds_from?: string }
  /** Its condition may be passed over, with a reason. */
  may_override?: boolean
  /** The question whose answer is the day from which the state after it counts, and that day as the server knows it. */
  counted_from?: { form: string; field: string; day?: string }
}

/** Something that is due from a worker, with what she needs in order to do it without a signal. */
export interface MyTask {
  case: string
  task: string
  programme: string
  version: string
  pathway: Named
  state: Named
  kind: 'leave' | 'wait' | 'release' | 'sign'
  of: Named
  role: string
  /** The role that answers for it, and those that it climbs to. Absent from an older server. */
  owner?: Named
  climbs_to?: Named[]
  /** It is another role's and has climbed to hers. */
  climbed: boolean
  since: string
  remind_at: string
  due: string
  turn: number
  /** The numbers of this phone's own steps that another's ran before. */
  overtaken?: number[]
  /** The first day that the state counts, where a form says it. */
  counted_from?: string
  holder?: string
  offered?: string
  /** Who offered it. */
  offered_by?: string
  /** Who asked what holds it, if nobody has answered. */
  asked?: string
  /** Whether words were given with that. */
  asked_in_words?: boolean
  /** Who did not accept it last, if it was not offered anew since. */
  declined_by?: string
  /** What the rule said that reported it. */
  why?: Named
  /** When it was reported first, and by what or whom: absent from an older server. */
  reported_at?: string
  source?: 'rule' | 'worker' | 'department' | 'resident' | ''
  /** Without a dwelling it is about the area as a whole. */
  about: { person?: string; dwelling?: string; area_code: string; area_name: string; building: string; unit: string; room: string }
  steps: MyStep[]
  /** What others do from here, and in which roles; `signed`: it was taken, and waits for them to sign. */
  of_others?: { step: Named; by: Named[]; signed: boolean }[]
}

/** Whom to ring about a case, opened for a purpose and on record. */
export interface Telephones {
  people: { person: string; name: string; relation?: string; numbers: string[] }[]
}

/** What lies behind a case, opened for a purpose and on record. */
export interface Why {
  /** Of each report, the answers by which its rule flags. */
  evidence: { form_zh: string; form_en: string; zh: string; en: string; value_zh: string; value_en: string }[][]
  /** Of each report. */
  said: (string | null)[]
  /** Of each event. */
  reasons: (string | null)[]
}

export interface CaseRole {
  programme: string
  role: Named
  area_code: string
}

/** Doors of a sweep that someone offered to a colleague: the giver's until they are taken. */
export interface HandedOver {
  hand_over: string
  sweep: string
  area_code: string
  giver: Colleague
  taker: Colleague
  offered_at: string
  answer?: 'taken' | 'declined' | 'withdrawn'
  answered_at?: string
  /** Those in the area that was asked about. */
  doors: string[]
}

/** As the console is told of it. */
export interface HandOverRow extends HandedOver {
  /** How many of the doors nobody has visited yet. */
  unvisited: number
}

/** Someone to whom a case can be offered: her phone covers the same doors. */
export interface Colleague {
  worker: string
  name: string
  /** Where her phone was enrolled, and the beginning of its number: absent from an older server, and of whoever cannot be chosen. */
  area_name?: string
  phone?: string
}

export interface MyTasks {
  /** Opaque: what the phone says it knows with the next pull. */
  known: string
  roles: CaseRole[]
  colleagues: Colleague[]
  /** Of whom the rows speak besides, by name. Absent from an older server. */
  others?: Colleague[]
  /** Printed on the slips of where she works. */
  office_phone?: string
  rows: MyTask[]
}

/** A form of a version in force that the caller may fill in. */
export interface FormRow {
  programme: string
  version: string
  form: string
  zh: string
  en: string
  /** What it is for in a sentence, where its pack says so. */
  hint?: string
  hint_en?: string
  digest: string
  about: 'person' | 'household' | 'dwelling' | 'place' | 'organisation' | 'area' | 'worker'
  roles: string[]
  /** What lies beside it, by name, with the SHA-256 of the bytes in hexadecimal; an older server knows of none. */
  files?: { name: string; digest: string }[]
}

/** Part of a condition that a phone can judge. */
export type Expression =
  | { value: number | string | boolean }
  | { field: string }
  | { day: string }
  | { today: true }
  | { on: true }
  | { bound: number }
  | { list: Expression[] }
  | { op: string; of: Expression[] }
  | { some: Expression; holds: Expression }
  | { every: Expression; holds: Expression }

/** A rule that looks at the answers of one form only. */
export interface DoorRule {
  id: string
  programme: string
  version: string
  form: string
  says: { zh: string; en: string }
  resolved_by: { zh: string; en: string }
  tells: Named
  /** The case that comes of it, as it begins; absent where none does, and from an older server. */
  opens?: { pathway: Named; owner: Named; within?: { amount: number; unit: 'minutes' | 'hours' | 'days' | 'working_days' } }
  when: Expression
}

export type PlanKind = 'rota' | 'grids' | 'deployment' | 'pairing' | 'rounds'

/** Something that is held in a plan; minutes count from the beginning of the day, metres to the east and the north. */
export interface PlanSlot extends PlanLine {
  need: number
  at?: [number, number] | null
  households: number
}

export interface PlanHolder {
  name: string
  person?: string | null
  /** Whose phone shows the part; absent where the holder is no person. */
  phone?: 'one' | 'none' | 'several' | null
}

export interface PlanPoint {
  code: string
  message: string
  message_en: string
}

export interface PlanJudgement {
  certificate: { objective: number; bound?: number | null; unit: string; unit_en: string }
  open: PlanPoint[]
  broken: (PlanPoint & { holder?: number | null; slot: number })[]
  figures: { code: string; name: string; name_en: string; value: string }[]
  /** One for each holder; absent where no way is reckoned. */
  ways?: PlanWay[]
  /** Holders to whom nothing is given, and why. */
  idle?: (PlanPoint & { holder: number })[]
}

/** What a holder's slots take, in metres, and each of them as it is held: how far it is, and at which minute it begins. */
export interface PlanWay {
  metres?: number | null
  legs: { metres?: number | null; minute?: number | null }[]
}

export interface PlanDraft {
  kind: PlanKind
  area_code: string
  area_name: string
  from?: string | null
  until?: string | null
  shape: string
  slots: PlanSlot[]
  holders: PlanHolder[]
  /** For each holder the places of its slots. */
  held: number[][]
  /** Who holds what today, where the input says so. */
  today?: number[][] | null
  /** Slots that touch. */
  edges?: [number, number][]
  judgement: PlanJudgement
}

export interface PlanRow {
  plan: string
  kind: PlanKind
  area_code: string
  area_name: string
  from?: string | null
  until?: string | null
  objective: number
  bound: number
  unit: string
  unit_en: string
  open: number
  parts: number
  published_at: string
  replaced_by?: string | null
  withdrawn_at?: string | null
}

export interface PlanShown extends PlanRow {
  slots: PlanSlot[]
  holders: PlanHolder[]
  held: number[][]
  /** When each stop of rounds begins. */
  ways?: PlanWay[]
  open_points: PlanPoint[]
}

/** What a plan is made from: the files of the command line, base64. */
export interface PlanInput {
  kind: PlanKind
  area_code: string
  files: Record<string, string>
  settings: { from?: string; days?: number; target?: number; max_km?: number; teams?: number }
}

/** A shift, a community, a place, a stop or a building. Minutes count from the beginning of the day. */
export interface PlanLine {
  label: string
  detail?: string
  day?: string | null
  starts?: number | null
  minutes?: number | null
}

/** What is a phone's worker's of a published plan; nothing of one that is over. */
export interface MyPlan {
  plan: string
  kind: PlanKind
  area_name: string
  from?: string | null
  until?: string | null
  published_at: string
  replaced_at?: string | null
  withdrawn_at?: string | null
  lines: PlanLine[]
}

export interface CoverageRow {
  code: string
  name: string
  level: string
  dwellings: number
  accounted: number
  residual: number
  persons_listed: number
  persons_reached: number
  lit_unlisted: number
  listed_dark: number
  persons_away: number
}

export interface Coverage {
  as_of: string
  devices_reported: number
  devices_total: number
  area: CoverageRow
  children: CoverageRow[]
}

export interface ResidualRow {
  dwelling: string
  area_code: string
  building: string
  unit: string
  room: string
  reason: ResidualReason
  outcome?: Outcome | null
  at?: string | null
  recheck_on?: string | null
  /** That people were reached here before a visit that reached nobody. */
  found_before?: Found | null
  listed: number
}

export interface ResidualPage extends Page<ResidualRow> {
  /** Of a first page without rows: how many doors that match are accounted for. */
  accounted?: number | null
}

export type ReconcileKind = 'lit_unlisted' | 'listed_dark' | 'moved' | 'away' | 'confirmed' | 'unresolved'

export const CALL_FAILURES = ['no_answer', 'switched_off', 'wrong_number'] as const
export type CallFailure = (typeof CALL_FAILURES)[number]

export interface ReconcileRow {
  kind: ReconcileKind
  person_id?: string | null
  dwelling: string
  area_code: string
  building: string
  unit: string
  room: string
  seen_at?: { area_code: string; building: string; unit: string; room: string } | null
  task?: string | null
  due?: string | null
  /** Telephone calls to this household that reached nobody. */
  calls?: { count: number; last_at: string; last: CallFailure } | null
  /** Of someone on no list: the listed whom she may be. One outside the caller's area has no id. */
  proposals?: { candidate?: string | null; per_mille: number; in_area: boolean }[]
}

/** Why someone seen (`from`, right) may be someone listed (`to`, left); weights are bits. */
export interface LinkEvidence {
  from: string
  to: string
  per_mille: number
  prior: number
  evidence: {
    field: 'name' | 'birth' | 'identifier' | 'phone' | 'sex' | 'dwelling'
    field_zh: string
    field_en: string
    left: string
    right: string
    agreement_zh: string
    agreement_en: string
    weight: number
    total: number
  }[]
  total: number
  persons: [LinkSide, LinkSide]
}

export interface LinkSide {
  person: string
  area_code: string
  area_name: string
  building: string
  unit: string
  room: string
}

export interface TaskRow extends ReconcileRow {
  overdue: boolean
}

export interface QuarantineRow {
  series: string
  sequence: number
  worker_name: string
  reason: string
  message: string
  message_en: string
  received_at: string
  /** Why it is not to count, of one that was refused. */
  refusal?: string
  refused_at?: string
  kind: string
  /** Of a visit. */
  outcome?: Outcome | null
  dwelling?: string | null
  area_code?: string | null
  building?: string | null
  unit?: string | null
  room?: string | null
}

/** Why a name is asked for; each asking is written in the ledger. */
export type Purpose = 'reconcile' | 'service' | 'correction'

export interface PersonRecord {
  person: string
  dwelling?: string | null
  name: string
  sex?: string | null
  birth_date?: string | null
  phone?: string | null
  relation?: string | null
  /** The last four only. */
  id_number?: string | null
  /** When someone on no list was seen last. */
  seen_at?: string | null
}

export interface Page<Row> {
  rows: Row[]
  next?: string | null
}

export interface MatrixDoor {
  dwelling: string
  room: string
  place: Place
  outcome?: Outcome | null
  state: 'accounted' | 'residual' | 'discovered'
  listed: number
  seen: number
  at?: string | null
  found_before?: Found | null
}

export interface Matrix {
  building: string
  units: { unit: string; floors: { floor?: number | null; doors: MatrixDoor[] }[] }[]
}

export interface BuildingRow {
  building: string
  dwellings: number
  accounted: number
  /** By which a map's outline names it. */
  key: string
  visited_at?: string
}

/** Coverage at the end of an hour, by what had arrived by then. */
export interface SeriesPoint {
  at: string
  dwellings: number
  accounted: number
}

/** A cell of the floor map; a number that is not told is not there. */
export interface FloorCell {
  open?: number
  restricted?: number
  days?: number
}

export interface Floors {
  as_of: string
  programme: Named
  least: number
  pathways: Named[]
  buildings: { building: string; floors: { unit: string; floor?: number; cells: FloorCell[] }[] }[]
}

export interface CommandRow {
  code: string
  name: string
  level: string
  residual: number
  late: number
  unanswered: number
  open_posts: number
  held: number
  silent: number
}

/** A community in the list of all of them. */
export interface CommunityRow extends CommandRow {
  /** The name of the area right above it. */
  above: string
  /** Of the sweep, where it goes on there. */
  swept?: { dwellings: number; accounted: number; listed_dark: number }
  phones: number
  pushed_at?: string
  /** Only for whoever leads communities. */
  reach?: Reach
}

export interface CommunityList {
  as_of: string
  rows: CommunityRow[]
  left_off: number
}

/** What waits for someone; the area's figures are those of its parts and of `here` together. */
export interface Command {
  as_of: string
  area: CommandRow
  here: CommandRow
  children: CommandRow[]
  late: { programme: Named; role: Named; late: number }[]
}

/** A task that its owner did not do in time; what it is and about whom is told to who has a role of its programme there. */
export interface LateRow {
  programme: Named
  role: Named
  area_code: string
  area_name: string
  due: string
  task?: {
    case: string
    kind: 'leave' | 'wait' | 'release' | 'sign'
    of: Named
    pathway: Named
    taken: boolean
    about: { dwelling?: string; building: string; unit: string; room: string; area_name: string }
  }
}

/** A messy sheet's columns with a few of their values, and what the headings say. */
export interface RosterColumns {
  sheet: number
  row: number
  places: { heading: string; column?: string; samples: string[] }[]
  columns: { column: string; zh: string; required: boolean }[]
  /** Someone said this of these headings before. */
  kept?: boolean
  /** Of which columns blank cells are taken from the row above, as someone said before. */
  fill_down?: string[]
  /** Cells of where a row is that are blank below a filled one. */
  blanks?: { column: string; zh: string; rows: number; samples: { row: number; above: number; value: string; says: string[] }[] }[]
  /** The one community of the caller's: what rows without a code of an area are of. */
  area?: { area_code: string; area_name: string }
}

export type SheetRows = 'people' | 'dwellings' | 'residual' | 'areas'

export interface SheetField {
  field: string
  zh: string
  en: string
}

/** A department's blank sheet: its columns, and whether the rows of now fit. */
export interface SheetLook {
  sheet: number
  row: number
  places: { heading: string; field?: string }[]
  fields: SheetField[]
  first: number
  /** Rows that fit above what stands below without moving it; as many as there are if missing. */
  room?: number
  /** The first cell of what stands below, if anything does. */
  foot?: string
  /** Why the rows of now cannot be filled in. */
  stuck?: { message: string; message_en: string }
  count: number
  approval: boolean
}

export interface SheetDeed {
  at: string
  by?: string
}

/** A department's sheet that is kept to be filled again. */
export interface KeptSheet {
  subscription: string
  area_code: string
  area_name: string
  rows: SheetRows
  department: string
  name: string
  basis: string
  last_day: string
  fields: SheetField[]
  standing: 'waiting' | 'in_force' | 'over'
  kept: SheetDeed
  approved?: SheetDeed
  taken?: SheetDeed
  taken_rows?: number
  takings: number
  ended?: SheetDeed
  may_approve: boolean
  may_take: boolean
}

export interface SheetChanges {
  rows: number
  since?: string
  added: number
  left: number
  changed: number
}

/** One outline of a map, in WGS 84. */
export interface MapShape {
  type: 'Feature'
  properties: { kind: 'building' | 'grid' | 'surroundings'; building?: string; area?: string }
  geometry: { type: 'MultiPolygon'; coordinates: [number, number][][][] }
}

/** Empty where none was drawn. */
export interface AreaMap {
  area_code?: string
  source?: string
  drawn_at?: string
  shapes?: { type: 'FeatureCollection'; features: MapShape[] }
  /** The server has a base map to lie beneath. */
  tiles?: boolean
}

export interface DrawnMap {
  matched: number
  unmatched: number
  refused: number
  features: { feature: number; fate: 'building' | 'grid' | 'surroundings' | 'unmatched' | 'refused'; building?: string; area_code?: string; message?: string; message_en?: string }[]
  undrawn: string[]
  applied: boolean
}

/** Someone who was meant by a name or the end of a number. */
export interface FoundPerson {
  person: string
  name: string
  by: 'name' | 'id_number' | 'phone'
  dwelling: string
  area_code: string
  area_name: string
  building: string
  unit: string
  room: string
}

export interface RosterPreview {
  added: number
  changed: number
  left: number
  refused: number
  /** Who stood on a list of this source before and is in none of its rows that are taken. */
  gone: number
  missing: { message: string; message_en: string }[]
  /** Totals, repeated headings and lines under the table. */
  skipped: number
  /** In how many rows a column was blank and is taken from the row above. */
  filled: { column: string; zh: string; rows: number }[]
  /** What the list names that nobody knew before; those first that look like a slip of what is known. */
  places: {
    buildings: number
    units: number
    doors: number
    told: { kind: 'building' | 'unit' | 'door'; slip: boolean; rows: number[]; message: string; message_en: string }[]
  }
  communities: { area_code: string; area_name: string; added: number; changed: number; left: number }[]
  /** Who is, or may be, listed in another community than the row's. */
  elsewhere: { area_code: string; area_name: string; people: number }[]
  likely_elsewhere: boolean
  rows: { row: number; verdict: string; area_name?: string; field?: string | null; message: string; message_en: string }[]
  /** Columns and sheets of the file that were not read. */
  ignored: { message: string; message_en: string }[]
  applied: boolean
}
