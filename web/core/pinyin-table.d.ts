/** Each syllable, without its tone, before all characters that are read so: "a阿啊ai哀埃…". */
declare module 'virtual:pinyin-table' {
  const table: string
  export default table
}
