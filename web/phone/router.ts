import { createRouter, createWebHashHistory } from 'vue-router'
import { hush } from './notice'
import Doors from './screens/Doors.vue'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: '/doors' },
    { path: '/enrol/:invitation?', name: 'enrol', component: () => import('./screens/Enrol.vue'), props: true },
    { path: '/doors', name: 'doors', component: Doors },
    { path: '/visit/:dwelling', name: 'visit', component: () => import('./screens/Visit.vue'), props: true },
    { path: '/day', name: 'day', component: () => import('./screens/Day.vue') },
    { path: '/task/:id', name: 'task', component: () => import('./screens/Task.vue'), props: true },
    { path: '/form/:programme/:form/:dwelling', name: 'form', component: () => import('./screens/Form.vue'), props: true },
    { path: '/plan', name: 'plan', component: () => import('./screens/Plan.vue') },
    { path: '/sync', name: 'sync', component: () => import('./screens/Sync.vue') },
    { path: '/mine', name: 'mine', component: () => import('./screens/Mine.vue') },
    { path: '/:rest(.*)', redirect: '/doors' },
  ],
})

// The notice lies where the title of a page is, and what one came to read: it is of the lists in which something was done.
router.afterEach((to) => {
  if (to.name !== 'doors' && to.name !== 'day') hush()
})
