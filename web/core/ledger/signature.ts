/**
 * Ed25519 with the browser's own implementation where it has one (the private key is then not extractable), and
 * with @noble/curves otherwise: older browsers, and pages opened over plain http, have no `crypto.subtle` Ed25519.
 */
import type { Bytes } from './bytes'

export type DeviceKey =
  | { kind: 'browser'; publicKey: Bytes; privateKey: CryptoKey }
  | { kind: 'stored'; publicKey: Bytes; seed: Bytes }

export async function makeDeviceKey(): Promise<DeviceKey> {
  try {
    const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
    return { kind: 'browser', publicKey, privateKey: pair.privateKey }
  } catch {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    const seed = crypto.getRandomValues(new Uint8Array(32))
    return { kind: 'stored', publicKey: new Uint8Array(ed25519.getPublicKey(seed)), seed }
  }
}

export async function sign(key: DeviceKey, message: Bytes): Promise<Bytes> {
  if (key.kind === 'browser') return new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, message))
  const { ed25519 } = await import('@noble/curves/ed25519.js')
  return new Uint8Array(ed25519.sign(message, key.seed))
}

export async function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message))
  } catch {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  }
}
