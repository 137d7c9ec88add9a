import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { ALIAS, contentSecurityPolicy, SMALL_VUE } from '../build.ts'

const server = process.env.WANJIA_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/home/',
  resolve: { alias: ALIAS },
  define: SMALL_VUE,
  build: { outDir: '../dist/home', emptyOutDir: true, target: 'es2020' },
  server: { proxy: { '/v1': server } },
  plugins: [vue(), contentSecurityPolicy()],
})
