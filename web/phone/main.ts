import { createApp } from 'vue'
import '@core/styles/tokens.css'
import '@core/styles/hand.css'
import './phone.css'
import App from './App.vue'
import { LOCALES, storedLocale } from '@core/i18n'
import { setOffset } from './doors'
import { setting } from './db'
import { identity } from './session'
import { router } from './router'
import { startSyncing } from './syncer'
import { choose, i18n } from './texts'
import '@core/appearance'

async function start(): Promise<void> {
  await choose(storedLocale(LOCALES))
  const known = (await setting('identity')) ?? null
  identity.value = known
  router.beforeEach((to) => (identity.value === null && to.name !== 'enrol' ? { name: 'enrol' } : true))
  if (known !== null) {
    setOffset(known.offsetHours)
    startSyncing(known)
  }
  createApp(App).use(router).use(i18n).mount('#app')
}

void start()
