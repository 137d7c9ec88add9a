import { sha256 } from '@noble/hashes/sha2.js'
import { fromHex, hex, type Bytes } from './bytes'

/** A random (version 4) id. Works without a secure context, where `crypto.randomUUID` does not exist. */
export function freshId(): Bytes {
  const id = crypto.getRandomValues(new Uint8Array(16))
  id[6] = (id[6]! & 0x0f) | 0x40
  id[8] = (id[8]! & 0x3f) | 0x80
  return id
}

/** The id of an area: of its code, so that everyone makes the same one (UUID version 8 of its SHA-256). */
export function areaId(code: string): Uint8Array {
  const bytes = sha256(new TextEncoder().encode(`area ${code}`)).slice(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes
}

export function idText(id: Uint8Array): string {
  const digits = hex(id)
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')
}

export function idBytes(text: string): Bytes {
  const bytes = fromHex(text.replaceAll('-', ''))
  if (bytes.length !== 16) throw new Error(`not an id: ${text}`)
  return bytes
}
