/** A programme's questions and choices: in the page's own words where it has them, else in the programme's. */
import { useI18n } from 'vue-i18n'

export function useWords() {
  const { t, te, locale } = useI18n()
  return {
    form({ form, zh, en }: { form: string; zh: string; en: string }): string {
      return te(`check.form.${form}`) ? t(`check.form.${form}`) : locale.value === 'zh-CN' ? zh : en
    },
    label({ name, zh, en }: { name: string; zh: string; en: string }): string {
      return te(`check.question.${name}`) ? t(`check.question.${name}`) : locale.value === 'zh-CN' ? zh : en
    },
    word(choice: string): string {
      return te(`check.choice.${choice}`) ? t(`check.choice.${choice}`) : choice
    },
  }
}
