/** A small made-up district: two streets, a few communities, real house shapes, synthetic people. Seeded, so that pictures stay comparable. */

export function random(seed) {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return state / 4294967296
  }
}

const FAMILY = [...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗']
const GIVEN = ['东军', '秀兰', '建国', '小梅', '志强', '桂英', '海燕', '子涵', '玉珍', '明', '丽华', '伟', '思远', '春花', '国庆', '雨桐']
const RELATIONS = ['户主', '配偶', '子', '女', '父', '母']
const OUTCOMES = ['met', 'phone', 'no_answer', 'vacant', 'refused', 'away', 'not_exist']

export const AREAS = [
  { code: '420102', name: '江岸区', level: 'county', parent_code: null },
  { code: '420102001', name: '大智街道', level: 'township', parent_code: '420102' },
  { code: '420102005', name: '劳动街道', level: 'township', parent_code: '420102' },
  { code: '420102001001', name: '铭新社区', level: 'community', parent_code: '420102001' },
  { code: '420102001002', name: '华清社区', level: 'community', parent_code: '420102001' },
  { code: '420102005001', name: '惠民苑社区', level: 'community', parent_code: '420102005' },
  { code: '420102005002', name: '桃源社区', level: 'community', parent_code: '420102005' },
]

export function makeDoors(sweep, now) {
  const next = random(72)
  const pick = (list) => list[Math.floor(next() * list.length)]
  let counter = 0
  const id = (kind) => `${kind}0000000-0000-4000-8000-${String((counter += 1)).padStart(12, '0')}`
  const doors = []
  for (const area of AREAS.filter(({ level }) => level === 'community')) {
    const shapes = [
      { building: '1', units: ['1', '2'], floors: 6, wide: 3 },
      { building: '2', units: ['1'], floors: 11, wide: 4 },
      { building: '3', units: ['1', '2'], floors: 4, wide: 2 },
    ]
    const busy = next()
    for (const { building, units, floors, wide } of shapes) {
      for (const unit of units) {
        for (let floor = 1; floor <= floors; floor += 1) {
          for (let number = 1; number <= wide; number += 1) {
            const household = next() < 0.88 ? 1 + Math.floor(next() * 4) : 0
            const family = pick(FAMILY)
            const members = Array.from({ length: household }, (_, index) => ({
              person: id('b'),
              name: (index === 1 ? pick(FAMILY) : family) + pick(GIVEN),
              relation: RELATIONS[index],
            }))
            const visited = next() < (building === '1' ? 0.75 : 0.25 + busy / 4)
            const weight = next()
            const outcome = !visited
              ? null
              : weight < 0.62
                ? 'met'
                : weight < 0.8
                  ? 'no_answer'
                  : weight < 0.86
                    ? 'vacant'
                    : weight < 0.9
                      ? 'refused'
                      : weight < 0.95
                        ? 'away'
                        : weight < 0.98
                          ? 'phone'
                          : 'not_exist'
            const at = now - Math.floor(next() * 30) * 3_600_000
            const recheck = outcome === 'no_answer' || outcome === 'away' ? Math.floor((at + 8 * 3_600_000) / 86_400_000) + 1 : null
            doors.push({
              dwelling: id('d'),
              area_code: area.code,
              building,
              unit,
              room: `${floor}0${number}`,
              place: 'home',
              floor,
              members,
              outcome,
              light: outcome === 'no_answer' ? pick(['on', 'off', 'unknown']) : 'unknown',
              at: outcome === null ? null : at,
              recheck,
              signed: false,
              seen: outcome === 'met' ? members.filter(() => next() < 0.94).map(({ person }) => person) : [],
              registered: [],
              strangers: outcome === 'met' && next() < 0.06 ? [{ person: id('c'), name: pick(FAMILY) + pick(GIVEN) }] : [],
              sweep,
            })
          }
        }
      }
    }
  }
  return doors
}

export { OUTCOMES }
