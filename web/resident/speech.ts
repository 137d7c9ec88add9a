/** Reading a page aloud with the phone's own voice: nothing is sent anywhere. */
import { ref } from 'vue'

export const speaking = ref(false)
/** The phone has no voice for the language that was asked for. */
export const voiceless = ref(false)

export const canSpeak = 'speechSynthesis' in window

export function hush(): void {
  if (canSpeak) speechSynthesis.cancel()
  speaking.value = false
}

export function speak(text: string, language: string): void {
  hush()
  const short = language.split('-')[0]!
  const voice = speechSynthesis.getVoices().find(({ lang }) => lang.toLowerCase().startsWith(short))
  voiceless.value = voice === undefined
  if (voice === undefined) return
  const utterance = new SpeechSynthesisUtterance(text)
  utterance.voice = voice
  utterance.lang = voice.lang
  utterance.rate = 0.9
  utterance.onend = utterance.onerror = () => {
    speaking.value = false
  }
  speaking.value = true
  speechSynthesis.speak(utterance)
}

/** What there is to hear: headings, sentences, labels and what is pressed, each a sentence of its own. */
export function spokenText(page: HTMLElement): string {
  const parts = [...page.querySelectorAll<HTMLElement>('h1, h2, p, li, button, legend, label > span, dt, dd')]
  return parts
    .filter((part) => part.closest('[hidden], [aria-hidden=true], .unspoken') === null && part.querySelector('p, li, h2, dd') === null)
    .map((part) => part.innerText.trim())
    .filter((text) => text !== '')
    .join('\n')
}
