/** A bare number or letter is said with what it counts, as 3 becomes 3 栋; a name that says what it is stays as it is. */
export function numbered(label: string, say: (n: string) => string): string {
  return /^[0-9A-Za-z]+$/.test(label) ? say(label) : label
}
