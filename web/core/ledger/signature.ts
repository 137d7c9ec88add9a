/**
 * Ed25519 with the browser's own implementation where it has one, and with @noble/curves otherwise: older browsers, and
 * pages opened over plain http, have no `crypto.subtle` Ed25519. The seed is kept by whoever keeps the key, sealed.
 */
import { base64, fromBase64, type Bytes } from './bytes'

/** `browser` and `apart` are those of phones enrolled before keys were sealed: the private half is the browser's own. */
export type DeviceKey =
  | { kind: 'stored'; publicKey: Bytes; seed: Bytes }
  | { kind: 'browser'; publicKey: Bytes; privateKey: CryptoKey }
  | { kind: 'apart'; publicKey: Bytes }

export async function makeDeviceKey(): Promise<DeviceKey> {
  try {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
    const { d, x } = await crypto.subtle.exportKey('jwk', pair.privateKey)
    return { kind: 'stored', publicKey: fromUrl(x!), seed: fromUrl(d!) }
  } catch {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    const seed = crypto.getRandomValues(new Uint8Array(32))
    return { kind: 'stored', publicKey: new Uint8Array(ed25519.getPublicKey(seed)), seed }
  }
}

export async function sign(key: DeviceKey, message: Bytes): Promise<Bytes> {
  if (key.kind === 'apart') throw new Error('the private half of this key is kept elsewhere')
  const native = key.kind === 'browser' ? key.privateKey : await imported(key)
  if (native !== null) return new Uint8Array(await crypto.subtle.sign('Ed25519', native, message))
  const { ed25519 } = await import('@noble/curves/ed25519.js')
  return new Uint8Array(ed25519.sign(message, (key as { seed: Bytes }).seed))
}

/** So that the first signature does not wait for the key. */
export async function prepare(key: DeviceKey): Promise<void> {
  if (key.kind === 'stored') await imported(key)
}

const handles = new WeakMap<Bytes, Promise<CryptoKey | null>>()

/** The browser's handle of a stored key; null where it has no Ed25519. Made once for each key in memory. */
function imported({ publicKey, seed }: { publicKey: Bytes; seed: Bytes }): Promise<CryptoKey | null> {
  const known = handles.get(seed)
  if (known !== undefined) return known
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: toUrl(seed), x: toUrl(publicKey) }
  const made = Promise.resolve()
    .then(() => crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']))
    .catch(() => null)
  handles.set(seed, made)
  return made
}

const toUrl = (bytes: Bytes): string => base64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
const fromUrl = (value: string): Bytes => fromBase64(value.replace(/-/g, '+').replace(/_/g, '/'))

export async function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message))
  } catch {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  }
}
