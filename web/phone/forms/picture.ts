/** Pictures of a form: made small, named, kept with the draft, and sealed for their fact. */
import { contentDigest, freshKey, freshNonce, seal } from '@core/ledger/seal'
import { hex, type Bytes } from '@core/ledger/bytes'
import { idBytes } from '@core/ledger/uuid'
import { db, setting, type Attachment, type FormAbout, type Identity, type Picture } from '../db'
import { sealKey } from '../recovery'
import { subjectOf } from './kept'

/** Pixels of the longest side, unless the form says another number. */
export const LONGEST_SIDE = 1600
const QUALITY = 0.8

/**
 * A JPEG of what the camera gave, no longer than this on any side. It is drawn anew, so that nothing else of the file
 * remains: neither where nor with what it was taken.
 */
export async function shrink(file: Blob, longest: number): Promise<Bytes> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  const { width, height } = fitted(bitmap.width, bitmap.height, longest)
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width, height })
  const context = canvas.getContext('2d')!
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  return jpegOf(canvas)
}

export function fitted(width: number, height: number, longest: number): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

export async function jpegOf(canvas: HTMLCanvasElement): Promise<Bytes> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  if (blob === null) throw new Error('the picture cannot be written')
  return new Uint8Array(await blob.arrayBuffer())
}

/** A name that says nothing. */
export function picture(bytes: Bytes): Picture {
  return { name: `${crypto.randomUUID()}.jpg`, digest: hex(contentDigest(bytes)), bytes }
}

export async function keepPicture(draft: string, kept: Picture): Promise<void> {
  await db.pictures.put({ ...kept, id: `${draft}/${kept.name}`, draft })
}

export async function picturesOf(draft: string): Promise<Picture[]> {
  return db.pictures.where('draft').equals(draft).toArray()
}

/** What is sent after the fact, once its number is known: each picture under a key of its own. */
export async function sealPictures(identity: Identity, about: FormAbout, pictures: readonly Picture[]): Promise<(sequence: number) => Attachment[]> {
  const { series } = identity
  const owner = idBytes(subjectOf(about))
  const recoveryKey = (await setting('recoveryKey'))!
  const keyed = await Promise.all(
    pictures.map(async (one) => {
      const key = freshKey()
      return { ...one, key, sealedKey: await sealKey(recoveryKey, key, owner, series) }
    }),
  )
  return (sequence) =>
    keyed.map(({ name, bytes, key, sealedKey }) => {
      const content = seal(bytes, key, freshNonce(), { owner, series, sequence })
      return { id: `${sequence}/${name}`, sequence, name, content, sealedKey, fate: 'waiting' as const }
    })
}
