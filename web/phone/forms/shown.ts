/** What lies beside the form that is open, for whoever draws a part of it. */
import type { InjectionKey, ShallowRef } from 'vue'
import type { Bytes } from '@core/ledger/bytes'

export const FILES: InjectionKey<ShallowRef<Map<string, Bytes>>> = Symbol('files')
