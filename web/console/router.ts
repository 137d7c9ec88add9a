import { createRouter, createWebHashHistory } from 'vue-router'
import { may, PAGES } from './may'
import { hush, say } from './notice'
import Coverage from './screens/Coverage.vue'
import { translate } from './texts'

const SCREENS = {
  residual: () => import('./screens/Residual.vue'),
  reconcile: () => import('./screens/Reconcile.vue'),
  building: () => import('./screens/Building.vue'),
  command: () => import('./screens/Command.vue'),
  map: () => import('./screens/Map.vue'),
  floors: () => import('./screens/Floors.vue'),
  tasks: () => import('./screens/Tasks.vue'),
  cases: () => import('./screens/Cases.vue'),
  case: () => import('./screens/Case.vue'),
  communities: () => import('./screens/Communities.vue'),
  late: () => import('./screens/Late.vue'),
  unanswered: () => import('./screens/Unanswered.vue'),
  tree: () => import('./screens/Tree.vue'),
  household: () => import('./screens/Household.vue'),
  file: () => import('./screens/File.vue'),
  indicators: () => import('./screens/Indicators.vue'),
  lines: () => import('./screens/Lines.vue'),
  residents: () => import('./screens/Residents.vue'),
  quarantine: () => import('./screens/Quarantine.vue'),
  devices: () => import('./screens/Devices.vue'),
  plans: () => import('./screens/Plans.vue'),
  roster: () => import('./screens/Roster.vue'),
  sheets: () => import('./screens/Sheets.vue'),
}

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: () => ({ name: PAGES.find(may) ?? 'coverage' }) },
    { path: '/coverage', name: 'coverage', component: Coverage },
    { path: '/residual', name: 'residual', component: SCREENS.residual },
    { path: '/reconcile', name: 'reconcile', component: SCREENS.reconcile },
    { path: '/building', name: 'building', component: SCREENS.building },
    { path: '/command', name: 'command', component: SCREENS.command },
    { path: '/command/communities', name: 'communities', component: SCREENS.communities },
    { path: '/command/late', name: 'late', component: SCREENS.late },
    { path: '/command/unanswered', name: 'unanswered', component: SCREENS.unanswered },
    { path: '/floors', name: 'floors', component: SCREENS.floors },
    { path: '/map', name: 'map', component: SCREENS.map },
    { path: '/tasks', name: 'tasks', component: SCREENS.tasks },
    { path: '/cases', name: 'cases', component: SCREENS.cases },
    { path: '/cases/:id', name: 'case', component: SCREENS.case },
    { path: '/cases/:id/tree', name: 'tree', component: SCREENS.tree },
    { path: '/households/:id', name: 'household', component: SCREENS.household },
    { path: '/areas/:code', name: 'area', component: SCREENS.file },
    { path: '/workers/:id', name: 'worker', component: SCREENS.file },
    { path: '/indicators', name: 'indicators', component: SCREENS.indicators },
    { path: '/lines', name: 'lines', component: SCREENS.lines },
    { path: '/residents', name: 'residents', component: SCREENS.residents },
    { path: '/quarantine', name: 'quarantine', component: SCREENS.quarantine },
    { path: '/devices', name: 'devices', component: SCREENS.devices },
    { path: '/plans', name: 'plans', component: SCREENS.plans },
    { path: '/roster', name: 'roster', component: SCREENS.roster },
    { path: '/sheets', name: 'sheets', component: SCREENS.sheets },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})

// A page that does not come (the server is away, or has newer pages) must not look like a click that missed.
router.onError(() => say(translate('problem.unreachable'), 'wrong'))

router.afterEach((to, from) => {
  if (to.path !== from.path) hush()
})

/** Fetches every page ahead, so that the menu answers when the server does not. */
export function fetchPages(): void {
  for (const load of Object.values(SCREENS)) load().catch(() => undefined)
}
