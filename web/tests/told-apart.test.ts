/** Colleagues, forms and sheets in lists from which one is chosen. */
import { describe, expect, it } from 'vitest'
import type { Colleague, KeptSheet, SheetDeed } from '@core/api/types'
import { among, changesText } from '../console/sheets'
import { toldApart } from '@core/told-apart'
import { asksFor } from '../phone/forms/asks'

describe('colleagues', () => {
  const one = (worker: string, name: string, area_name?: string, phone?: string): Colleague => ({ worker, name, ...(area_name === undefined ? {} : { area_name }), ...(phone === undefined ? {} : { phone }) })

  it('of one name in one place are told apart by their phones, and no others are', () => {
    const list = toldApart([one('3', '王丽', '三网格', 'ccc'), one('2', '王丽', '一网格', 'bbb'), one('1', '王丽', '一网格', 'aaa'), one('4', '陈静', '一网格', 'ddd')])
    expect(list.map(({ one: { worker }, phone }) => [worker, phone])).toEqual([['4', null], ['3', null], ['1', 'aaa'], ['2', 'bbb']])
  })

  it('of an older server are listed as they are', () => {
    expect(toldApart([one('1', '王丽'), one('2', '王丽')]).map(({ phone }) => phone)).toEqual([null, null])
  })
})

describe('what a form asks for', () => {
  const upload = (more: string) => `<h:body><upload ref="/data/door" mediatype="image/*"${more}><label/></upload></h:body>`

  it('is a photograph, or a signature, or neither', () => {
    expect(asksFor(upload(''))).toEqual(['picture'])
    expect(asksFor(upload(' appearance="signature"'))).toEqual(['signature'])
    expect(asksFor(upload('') + upload(' appearance="signature"'))).toEqual(['picture', 'signature'])
    expect(asksFor('<input ref="/data/a"/><upload ref="/data/b" mediatype="audio/*"/>')).toEqual([])
  })
})

describe('departments’ sheets', () => {
  const sheet = (name: string, department: string, standing: KeptSheet['standing']) => ({ name, department, standing }) as KeptSheet
  const sheets = [sheet('重点人群表', '卫健局', 'in_force'), sheet('低保户表', '民政局', 'waiting'), sheet('Free meals', '民政局', 'over')]

  it('are found by every word, in the name or the department, and by how they stand', () => {
    expect(among(sheets, '', '')).toHaveLength(3)
    expect(among(sheets, '民政', '').map(({ name }) => name)).toEqual(['低保户表', 'Free meals'])
    expect(among(sheets, 'MEALS 民政', '').map(({ name }) => name)).toEqual(['Free meals'])
    expect(among(sheets, '民政', 'waiting').map(({ name }) => name)).toEqual(['低保户表'])
    expect(among(sheets, '公安', '')).toEqual([])
  })

  it('are not said to be untaken below the line that says when they were taken', () => {
    const taken = { at: '2031-02-03T08:00:00Z' } as SheetDeed
    expect(changesText({ taken: undefined }, { since: undefined })).toBe('sheets.first')
    expect(changesText({ taken }, { since: undefined })).toBe('sheets.firstTaken')
    expect(changesText({ taken }, { since: '2031-02-02T08:00:00Z' })).toBe('sheets.changed')
  })
})
