/** The texts about pictures, in the language of the phone. */
import { useI18n } from 'vue-i18n'
import type { Translate } from '@core/i18n'
import { interpolate } from '@core/i18n/interpolate'
import messages from '../messages/pictures'

export function usePictureWords(): { t: Translate } {
  return useI18n({ useScope: 'local', messages: messages as never, messageCompiler: interpolate as never } as never) as never
}
