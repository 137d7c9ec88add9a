/** Sending what was filled in: once, with what went wrong in the reader's own language, and the receipt shown after. */
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Refused } from '@core/api/client'
import { goInstead, receipts } from './view'

/** What went wrong, by the kind of refusal, else by the field that was refused. */
export function useTrouble(): (error: unknown) => string {
  const { t, te, locale } = useI18n()
  return (error) => {
    if (!(error instanceof Refused)) return t('unreachable')
    const known = [error.code, error.problem.field].find((name) => name !== undefined && te(`problem.${name}`))
    const text = known === undefined ? error.text(locale.value) : t(`problem.${known}`)
    const { row } = error.problem
    return row === undefined ? text : `${t('report.person', { n: row })}: ${text}`
  }
}

export function useSending() {
  const trouble = useTrouble()
  const sending = ref(false)
  const wrong = ref<string | null>(null)

  async function send(act: () => Promise<{ receipts: string[] }>, forget: () => void): Promise<void> {
    if (sending.value) return
    sending.value = true
    wrong.value = null
    try {
      receipts.value = (await act()).receipts
      forget()
      goInstead('done')
    } catch (error) {
      wrong.value = trouble(error)
    } finally {
      sending.value = false
    }
  }

  return { sending, wrong, send }
}
