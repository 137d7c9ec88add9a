/**
 * A data key on its way past a locked phone: encrypted to the territory's recovery key (HPKE, RFC 9180), so that what
 * waits here can be sent without the PIN and opened only there. Loaded when something personal is written.
 */
import { AEAD_ChaCha20Poly1305, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from '@panva/hpke-noble'
import { CipherSuite } from 'hpke'
import { concat, text, type Bytes } from '@core/ledger/bytes'

const INFO = text('wanjia data key v1')
const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_ChaCha20Poly1305)

/** Encapsulated key (32 bytes), then the data key and its tag (48). */
export async function sealKey(recoveryKey: Uint8Array, dataKey: Uint8Array, owner: Uint8Array, series: Uint8Array): Promise<Bytes> {
  const recipient = await suite.DeserializePublicKey(recoveryKey)
  const { encapsulatedSecret, ciphertext } = await suite.Seal(recipient, dataKey, { info: INFO, aad: concat(owner, series) })
  return concat(encapsulatedSecret, ciphertext)
}
