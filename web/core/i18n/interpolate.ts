/**
 * The message format of every page: plain text with {names} to fill in. Plurals, links and lists of vue-i18n's own
 * format are left out on purpose; Chinese needs none, and the compiler for them would weigh more than a screen.
 */
export interface MessageContext {
  named(name: string): unknown
}

export function interpolate(message: string): (context: MessageContext) => string {
  const parts = message.split(/\{(\w+)\}/)
  return (context) => parts.map((part, index) => (index % 2 === 0 ? part : String(context.named(part) ?? ''))).join('')
}
