import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { ALIAS, contentSecurityPolicy, pinyinTable, SMALL_VUE, WITH_WEBASSEMBLY } from '../build.ts'

const server = process.env.WANJIA_SERVER ?? 'http://127.0.0.1:8080'

const LIBRARIES = 'node_modules/(?:vue/|@vue/|vue-router/|vue-i18n/|@intlify/|dexie/|cborg/|@noble/ciphers/|@noble/hashes/(?:sha2|_md|_u64|utils))'
const OWN = 'phone/(?:db|day|doors|handing|knock|live|naming|notice|outbox|session|stops|syncer|tasks|texts|messages/zh-CN)\\.ts|phone/parts/(?:Icon|Door(?:Actions|Row))\\.vue|core/(?:api|doors|i18n|ledger(?!/(?:tree|checkpoint))|parts)/'
const SHELL = new RegExp(`${LIBRARIES}|${OWN}`)

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/phone/',
  resolve: { alias: ALIAS },
  define: SMALL_VUE,
  build: {
    outDir: '../dist/phone',
    emptyOutDir: true,
    target: 'es2020',
    // What every screen stands on is one file: cut into many, it weighs a tenth more.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shell', test: SHELL }] } } },
  },
  server: { proxy: { '/v1': server } },
  plugins: [
    vue(),
    contentSecurityPolicy(WITH_WEBASSEMBLY),
    pinyinTable(),
    VitePWA({
      // An update in the middle of a visit would lose trust: the page asks first.
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        id: '/phone/',
        name: '万家 走访',
        short_name: '万家',
        description: '一户一户，都到了',
        lang: 'zh-CN',
        start_url: '/phone/',
        scope: '/phone/',
        display: 'standalone',
        background_color: '#0b2b32',
        theme_color: '#0b2b32',
        icons: [
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{js,css,html,svg,png}'],
        navigateFallback: '/phone/index.html',
        navigateFallbackAllowlist: [/^\/phone\//],
        cleanupOutdatedCaches: true,
      },
    }),
  ],
})
