/** What a form asks for beyond answers, read off its XForm: a photograph, or someone's signature. */
export function asksFor(xml: string): ('picture' | 'signature')[] {
  const images = [...xml.matchAll(/<(?:\w+:)?upload\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => /mediatype=["']image\//.test(tag))
  const signs = images.filter((tag) => /appearance=["'][^"']*\bsignature\b/.test(tag))
  return [...(images.length > signs.length ? (['picture'] as const) : []), ...(signs.length > 0 ? (['signature'] as const) : [])]
}
