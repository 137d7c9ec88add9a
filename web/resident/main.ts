import { createApp } from 'vue'
import '@core/styles/tokens.css'
import '@core/styles/hand.css'
import './resident.css'
import { storedLocale } from '@core/i18n'
import App from './App.vue'
import { takeCodeFromAddress } from './slip'
import { choose, i18n, LANGUAGES } from './texts'

async function start(): Promise<void> {
  takeCodeFromAddress()
  // Another slip scanned into the same tab.
  addEventListener('hashchange', takeCodeFromAddress)
  await choose(storedLocale(LANGUAGES))
  createApp(App).use(i18n).mount('#app')
}

void start()
