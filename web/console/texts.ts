import { createTexts } from '@core/i18n'
import chinese from './messages/zh-CN'

export const { i18n, choose, translate } = createTexts(chinese, { en: async () => (await import('./messages/en')).default })
