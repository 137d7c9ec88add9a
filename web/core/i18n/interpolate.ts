/**
 * The message format of every page: plain text with {names} to fill in, and where a language counts, two forms,
 * "{n} door | {n} doors", of which the first is for an `n` of one.
 */
export function interpolate(message: string): (named: Record<string, unknown>) => string {
  const forms = message.split(' | ').map((form) => form.split(/\{(\w+)\}/))
  return (named) => {
    const form = forms.length > 1 && String(named.n) !== '1' ? forms[1]! : forms[0]!
    return form.map((part, index) => (index % 2 === 0 ? part : String(named[part] ?? ''))).join('')
  }
}
