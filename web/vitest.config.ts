import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { ALIAS, pinyinTable, SMALL_VUE } from './build.ts'

export default defineConfig({
  resolve: { alias: ALIAS },
  define: SMALL_VUE,
  plugins: [vue(), pinyinTable()],
  test: { include: ['tests/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
})
