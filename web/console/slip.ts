/** What is printed on a slip, in each language that the resident's page has: the clerk chooses by who lives behind the doors. */
import { numbered } from '@core/doors/name'

export const SLIP = {
  'zh-CN': {
    language: '中文',
    building: '{n} 栋',
    unit: '{n} 单元',
    title: '社区便条',
    scan: '扫码，或在浏览器打开 {address} 输入编号',
    deeds: '报家里住的人 · 求助 · 看登记了什么、谁看过 · 要求更正',
    call: '不用手机，打电话：{phone}',
    until: '用到 {date}。丢了请打电话作废。',
    fill: '也可以在这里写，交给敲门的人：',
    name: '姓名',
    relation: '关系',
    phone: '电话',
    need: '要什么帮助、哪里登记错了',
  },
  en: {
    language: 'English',
    building: 'Building {n}',
    unit: 'Unit {n}',
    title: 'The community’s slip',
    scan: 'Scan, or open {address} and type the code',
    deeds: 'Report who lives here · ask for help · see what is recorded and who looked · have it corrected',
    call: 'Without a phone’s screen, call {phone}',
    until: 'Valid until {date}. Lost? Call, and it stops.',
    fill: 'Or write here and give it to whoever knocks:',
    name: 'Name',
    relation: 'Relation',
    phone: 'Phone',
    need: 'What help is needed, or what is wrong',
  },
  ar: {
    language: 'العربية',
    building: 'المبنى {n}',
    unit: 'المدخل {n}',
    title: 'ورقة الحي',
    scan: 'امسح الرمز، أو افتح {address} في المتصفح واكتب الرمز',
    deeds: 'تسجيل من يسكن هنا · طلب مساعدة · معرفة ما سُجِّل ومن اطّلع عليه · طلب تصحيح',
    call: 'من دون شاشة الهاتف، اتصل بالرقم {phone}',
    until: 'صالحة حتى {date}. إذا ضاعت فاتصل لإلغائها.',
    fill: 'أو اكتب هنا وسلّم الورقة لمن يطرق بابك:',
    name: 'الاسم',
    relation: 'صلة القرابة',
    phone: 'الهاتف',
    need: 'ما المساعدة المطلوبة، أو ما الخطأ في التسجيل',
  },
} as const

export type SlipLanguage = keyof typeof SLIP

export function slipDoor({ building, unit, room }: { building: string; unit: string; room: string }, language: SlipLanguage): string {
  const said = (label: string, text: string): string => (label === '' ? '' : numbered(label, (n) => text.replace('{n}', n)))
  return [said(building, SLIP[language].building), said(unit, SLIP[language].unit), room].filter((part) => part !== '').join(' ')
}

/** The words of a line, and apart from them what is filled in: that is read from the left and on one line of its own direction. */
export function partsOf(message: string, filled: Record<string, string>): { text: string; filled: boolean }[] {
  return message.split(/\{(\w+)\}/).map((part, at) => (at % 2 === 0 ? { text: part, filled: false } : { text: filled[part] ?? '', filled: true }))
}
