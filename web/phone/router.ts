import { createRouter, createWebHashHistory } from 'vue-router'
import { hush } from './notice'
import Doors from './screens/Doors.vue'
import { withWords } from './texts'

export const router = createRouter({
  history: createWebHashHistory(),
  // A screen begins at its top, and going back is to where one was.
  scrollBehavior: (_to, _from, before) => before ?? { top: 0 },
  routes: [
    { path: '/', redirect: '/doors' },
    { path: '/enrol/:invitation?', name: 'enrol', component: withWords(() => import('./screens/Enrol.vue')), props: true },
    { path: '/doors', name: 'doors', component: Doors },
    { path: '/visit/:dwelling', name: 'visit', component: withWords(() => import('./screens/Visit.vue')), props: true },
    { path: '/day', name: 'day', component: withWords(() => import('./screens/Day.vue')) },
    { path: '/task/:id', name: 'task', component: withWords(() => import('./screens/Task.vue')), props: true },
    { path: '/form/:programme/:form/:dwelling?', name: 'form', component: withWords(() => import('./screens/Form.vue')), props: true },
    { path: '/plan', name: 'plan', component: withWords(() => import('./screens/Plan.vue')) },
    { path: '/sync', name: 'sync', component: withWords(() => import('./screens/Sync.vue')) },
    { path: '/mine', name: 'mine', component: withWords(() => import('./screens/Mine.vue')) },
    { path: '/pin', name: 'pin', component: withWords(() => import('./screens/ChangePin.vue')) },
    { path: '/:rest(.*)', redirect: '/doors' },
  ],
})

// The notice lies where the title of a page is, and what one came to read: it is of the lists in which something was done.
router.afterEach((to) => {
  if (to.name !== 'doors' && to.name !== 'day' && to.name !== 'mine') hush()
})
