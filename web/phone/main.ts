import { createApp } from 'vue'
import '@core/styles/tokens.css'
import '@core/styles/hand.css'
import './phone.css'
import App from './App.vue'
import { LOCALES, storedLocale } from '@core/i18n'
import { begin, identity, lockWhenIdle } from './session'
import { router } from './router'
import { startSyncing } from './syncer'
import { choose, i18n } from './texts'
import { phase } from './vault'
import '@core/appearance'

async function start(): Promise<void> {
  await choose(storedLocale(LOCALES))
  await begin()
  router.beforeEach((to) => (phase.value === 'fresh' && identity.value === null && to.name !== 'enrol' ? { name: 'enrol' } : true))
  startSyncing()
  lockWhenIdle()
  createApp(App).use(router).use(i18n).mount('#app')
}

void start()
