/**
 * The message format of every page: plain text with {names} to fill in, and where a language counts, two forms,
 * "{n} door | {n} doors", of which the first is for an `n` of one. More of vue-i18n's own format is left out on purpose:
 * its compiler would weigh more than a screen.
 */
export interface MessageContext {
  named(name: string): unknown
}

export function interpolate(message: string): (context: MessageContext) => string {
  const forms = message.split(' | ').map((form) => form.split(/\{(\w+)\}/))
  return (context) => {
    const form = forms.length > 1 && String(context.named('n')) !== '1' ? forms[1]! : forms[0]!
    return form.map((part, index) => (index % 2 === 0 ? part : String(context.named(part) ?? ''))).join('')
  }
}
