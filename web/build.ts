import { fileURLToPath } from 'node:url'
import { pinyin } from 'pinyin-pro'
import type { Plugin } from 'vite'

/** Everything from the own origin, no inline script, no eval. The server sends the same as a header; this holds without it. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** The page whose forms are run by WebAssembly may compile it; `eval` it may not. */
export const WITH_WEBASSEMBLY = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")

/** Writes the policy into the built page (not into the dev server's, whose hot reload needs inline styles). */
export function contentSecurityPolicy(policy = CONTENT_SECURITY_POLICY): Plugin {
  return {
    name: 'wanjia-content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/** Compile-time flags that leave out what no page uses: the options API, the legacy i18n API, the devtools. */
export const SMALL_VUE = {
  __VUE_OPTIONS_API__: 'false',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  __VUE_I18N_FULL_INSTALL__: 'false',
  __VUE_I18N_LEGACY_API__: 'false',
  __INTLIFY_PROD_DEVTOOLS__: 'false',
  __INTLIFY_DROP_MESSAGE_COMPILER__: 'true',
}

/** `@core` is shared by every page. vue-i18n without its message compiler: see core/i18n/interpolate.ts. */
export const ALIAS = {
  '@core': fileURLToPath(new URL('core', import.meta.url)),
  'vue-i18n': fileURLToPath(new URL('node_modules/vue-i18n/dist/vue-i18n.runtime.mjs', import.meta.url)),
}

/**
 * The readings of every character of the basic block, as `virtual:pinyin-table`: made while building, because the library's
 * own tables of words and tones weigh three times as much and a name is not looked up by its tone.
 */
export function pinyinTable(): Plugin {
  const id = 'virtual:pinyin-table'
  return {
    name: 'wanjia-pinyin-table',
    resolveId: (asked) => (asked === id ? `\0${id}` : null),
    load: (asked) => (asked === `\0${id}` ? `export default ${JSON.stringify(readings())}` : null),
  }
}

function readings(): string {
  const characters = new Map<string, string>()
  for (let code = 0x4e00; code <= 0x9fff; code += 1) {
    const character = String.fromCharCode(code)
    const known = pinyin(character, { multiple: true, toneType: 'none', type: 'array', nonZh: 'removed' })
    // ü is typed as v and, in passports and by the old, as u.
    const typed = known.flatMap((reading) => (reading.includes('ü') ? [reading.replace('ü', 'v'), reading.replace('ü', 'u')] : [reading]))
    for (const reading of new Set(typed)) {
      if (/^[a-z]+$/.test(reading)) characters.set(reading, (characters.get(reading) ?? '') + character)
    }
  }
  return [...characters].flat().join('')
}
