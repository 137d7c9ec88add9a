import { createRouter, createWebHashHistory } from 'vue-router'
import { may, PAGES } from './may'
import Coverage from './screens/Coverage.vue'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: () => ({ name: PAGES.find(may) ?? 'coverage' }) },
    { path: '/coverage', name: 'coverage', component: Coverage },
    { path: '/residual', name: 'residual', component: () => import('./screens/Residual.vue') },
    { path: '/reconcile', name: 'reconcile', component: () => import('./screens/Reconcile.vue') },
    { path: '/building', name: 'building', component: () => import('./screens/Building.vue') },
    { path: '/tasks', name: 'tasks', component: () => import('./screens/Tasks.vue') },
    { path: '/quarantine', name: 'quarantine', component: () => import('./screens/Quarantine.vue') },
    { path: '/devices', name: 'devices', component: () => import('./screens/Devices.vue') },
    { path: '/roster', name: 'roster', component: () => import('./screens/Roster.vue') },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})
