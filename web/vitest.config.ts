import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { ALIAS, SMALL_VUE } from './build.ts'

export default defineConfig({
  resolve: { alias: ALIAS },
  define: SMALL_VUE,
  plugins: [vue()],
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
})
