/** Texts about pictures: they come with the screens that show them, and weigh nothing before. */
const chinese = {
  take: '拍照或选图片',
  again: '重新拍照',
  taken: '拍好的图片',
  sign: '在屏幕上签名',
  signAgain: '重新签名',
  signed: '签名',
  paper: '拍下签过字的纸',
  paperHow: '不便在屏幕上签的，请在纸上签，再拍下那张纸。',
  field: '用手指在这里签名',
  leave: '不签了',
  clear: '清除重签',
  done: '签好了',
  remove: '去掉这张图片',
  unreadable: '这个文件不是图片，或手机读不出来；请重拍。',
  code: '拍条形码或二维码',
  noCode: '没有读出编码；请靠近再拍，或手工填写。',
  waiting: '还有 {n} 张图片待发送',
  refused: '有 {n} 张图片服务器没有收，不再发送；请告诉社区',
}

const english: typeof chinese = {
  take: 'Take or choose a picture',
  again: 'Take it again',
  taken: 'The picture taken',
  sign: 'Sign on the screen',
  signAgain: 'Sign again',
  signed: 'Signature',
  paper: 'Photograph the signed paper',
  paperHow: 'Whoever cannot sign on the screen signs on paper; photograph that.',
  field: 'Sign here with a finger',
  leave: 'Do not sign',
  clear: 'Clear',
  done: 'Signed',
  remove: 'Remove this picture',
  unreadable: 'This file is no picture, or the phone cannot read it; take it again.',
  code: 'Photograph the bar code',
  noCode: 'No code was found; come closer and try again, or type it in.',
  waiting: '{n} picture still waiting to be sent | {n} pictures still waiting to be sent',
  refused: 'The server did not take {n} picture; it is not sent again. Tell the community | The server did not take {n} pictures; they are not sent again. Tell the community',
}

export default { 'zh-CN': chinese, en: english }
