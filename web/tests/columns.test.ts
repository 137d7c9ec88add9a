/** Which column of a messy sheet is which. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { RosterColumns } from '@core/api/types'
import { chosenColumns, lacking, places, recall, remember, saidOfBlanks, written } from '../console/columns'

const LOOK: RosterColumns = {
  sheet: 1,
  row: 3,
  places: [{ heading: '住哪栋', samples: [] }, { heading: '房号', column: 'room', samples: [] }, { heading: '电话', column: 'phone', samples: [] }],
  columns: [
    { column: 'area_code', zh: '小区编码', required: true },
    { column: 'building', zh: '楼栋', required: false },
    { column: 'room', zh: '房号', required: true },
    { column: 'phone', zh: '电话', required: false },
  ],
}

let stored: Record<string, string> = {}
beforeEach(() => {
  stored = {}
  vi.stubGlobal('localStorage', { getItem: (key: string) => stored[key] ?? null, setItem: (key: string, value: string) => (stored[key] = value) })
})

describe('the columns of a sheet', () => {
  it('are what the headings say until someone says otherwise, each once', () => {
    expect(chosenColumns(LOOK, {})).toEqual(['', 'room', 'phone'])
    expect(chosenColumns(LOOK, { 住哪栋: 'building', 电话: '' })).toEqual(['building', 'room', ''])
    expect(chosenColumns(LOOK, { 住哪栋: 'room' })).toEqual(['room', '', 'phone'])
    expect(chosenColumns(LOOK, { 住哪栋: 'no_such_column', toString: 'room' })).toEqual(['', 'room', 'phone'])
  })

  it('lack what a list needs; an area that is given stands for its column', () => {
    expect(lacking(LOOK, ['building', '', 'phone'], false)).toEqual(['area_code', 'room'])
    expect(lacking(LOOK, ['building', 'room', 'phone'], true)).toEqual([])
  })

  it('are written as the server reads them', () => {
    expect(written(LOOK, ['building', '', 'phone'])).toBe('1.3;building:0,phone:2')
    expect(written(LOOK, ['building', '', 'phone'], ['building'])).toBe('1.3;building:0,phone:2;fill_down=building')
  })

  it('have blank cells of which nothing is said until someone does, or did', () => {
    const blanks = ['building', 'unit'].map((column) => ({ column, zh: '', rows: 2, samples: [] }))
    expect(saidOfBlanks(LOOK)).toEqual({})
    expect(saidOfBlanks({ ...LOOK, blanks })).toEqual({ building: null, unit: null })
    expect(saidOfBlanks({ ...LOOK, blanks, kept: true, fill_down: ['unit'] })).toEqual({ building: 'leave', unit: 'fill' })
    expect(places(['building', '', 'phone'])).toBe(places(['building', 'name', '']))
    expect(places(['building', 'room'])).not.toBe(places(['room', 'building']))
  })

  it('are remembered by their source, headings only, and a broken memory is none', () => {
    remember('物业', { 住哪栋: 'building' })
    remember('户籍', { 门牌: 'room' })
    expect([recall('物业'), recall('户籍'), recall('toString')]).toEqual([{ 住哪栋: 'building' }, { 门牌: 'room' }, {}])
    stored['wanjia.columns'] = '{'
    expect(recall('物业')).toEqual({})
  })
})
