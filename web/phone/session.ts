import { shallowRef } from 'vue'
import type { Identity } from './db'

/** Who this phone belongs to; null until it is enrolled. */
export const identity = shallowRef<Identity | null>(null)
