import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { ALIAS, contentSecurityPolicy, pinyinTable, SMALL_VUE } from '../build.ts'

const server = process.env.WANJIA_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  resolve: { alias: ALIAS },
  define: SMALL_VUE,
  build: { outDir: '../dist', emptyOutDir: true, target: 'es2022' },
  server: { proxy: { '/v1': server, '/phone': server } },
  plugins: [vue(), pinyinTable(), contentSecurityPolicy()],
})
