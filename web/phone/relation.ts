/** How someone belongs to the head of her household: lists write it in Chinese, and who reads another language is told in hers. */
import { i18n, translate as t } from './texts'

const NAMES: Readonly<Record<string, string>> = {
  户主: 'head',
  本人: 'head',
  配偶: 'spouse',
  妻: 'spouse',
  妻子: 'spouse',
  夫: 'spouse',
  丈夫: 'spouse',
  子: 'son',
  儿子: 'son',
  女: 'daughter',
  女儿: 'daughter',
  子女: 'child',
  父: 'father',
  父亲: 'father',
  母: 'mother',
  母亲: 'mother',
  父母: 'parent',
  孙子: 'grandchild',
  孙女: 'grandchild',
  孙子女: 'grandchild',
  租户: 'tenant',
  租客: 'tenant',
  其他: 'other',
}

/** As it is written where it is not one of the usual words. */
export function relationName(written: string | undefined): string {
  const name = written === undefined ? undefined : NAMES[written.trim()]
  return name === undefined || i18n.global.locale.value.startsWith('zh') ? (written ?? '') : t(`relation.${name}`)
}
