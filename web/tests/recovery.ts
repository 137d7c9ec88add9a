/** The territory's side of what a phone encrypts to it. */
import type { KeyObject } from 'node:crypto'
import { AEAD_ChaCha20Poly1305, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from '@panva/hpke-noble'
import { CipherSuite } from 'hpke'
import { concat, text } from '@core/ledger/bytes'

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_ChaCha20Poly1305)

export async function openKey(recovery: KeyObject, sealed: Uint8Array, owner: Uint8Array, series: Uint8Array): Promise<Uint8Array> {
  const { d } = recovery.export({ format: 'jwk' })
  const key = await suite.DeserializePrivateKey(new Uint8Array(Buffer.from(d!, 'base64url')), true)
  return suite.Open(key, sealed.subarray(0, 32), sealed.subarray(32), { info: text('wanjia data key v1'), aad: concat(owner, series) })
}
