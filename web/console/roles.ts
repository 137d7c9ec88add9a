/** Who may do what, as far as the console offers it. Compared with the reviewed matrix of the server in the tests. */
const WORKS_WITH_PEOPLE = ['clerk', 'community_secretary']
const LEADS = ['street', 'county']
const ACTS_IN_PROGRAMMES = ['community_secretary', ...LEADS, 'department_observer']
const READS_LISTS = [...WORKS_WITH_PEOPLE, ...LEADS, 'city']

export const ROLES = {
  coverage: [...READS_LISTS, 'department_observer'],
  cases: ACTS_IN_PROGRAMMES,
  indicators: [...READS_LISTS, 'department_observer'],
  tasks: READS_LISTS,
  residual: READS_LISTS,
  reconcile: READS_LISTS,
  building: READS_LISTS,
  quarantine: ['community_secretary', ...LEADS, 'auditor'],
  devices: ['community_secretary', 'street'],
  manageDevices: ['community_secretary'],
  plans: ['community_secretary', ...LEADS],
  command: [...READS_LISTS, 'department_observer'],
  map: READS_LISTS,
  floors: READS_LISTS,
  exactFloors: ['grid_worker', 'community_secretary'],
  drawMap: WORKS_WITH_PEOPLE,
  roster: WORKS_WITH_PEOPLE,
  sheets: [...WORKS_WITH_PEOPLE, ...LEADS],
  lines: WORKS_WITH_PEOPLE,
  residents: WORKS_WITH_PEOPLE,
  names: WORKS_WITH_PEOPLE,
  register: WORKS_WITH_PEOPLE,
  link: WORKS_WITH_PEOPLE,
  recordCall: WORKS_WITH_PEOPLE,
  openSweep: LEADS,
  closeSweep: LEADS,
  sign: ['community_secretary', ...LEADS],
  release: ['community_secretary', ...LEADS],
} as const satisfies Record<string, readonly string[]>

export type Deed = keyof typeof ROLES
