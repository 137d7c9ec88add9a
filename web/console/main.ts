import { createApp } from 'vue'
import '@core/styles/tokens.css'
import './console.css'
import App from './App.vue'
import { followContrast } from '@core/contrast'
import { LOCALES, storedLocale } from '@core/i18n'
import { outdated } from './notice'
import { router } from './router'
import { resume } from './session'
import { choose, i18n } from './texts'

async function start(): Promise<void> {
  followContrast()
  await choose(storedLocale(LOCALES))
  await resume().catch(() => undefined)
  createApp(App).use(router).use(i18n).mount('#app')
}

addEventListener('vite:preloadError', () => {
  outdated.value = true
})
void start()
