/** What is chosen after a tick: "none" goes with no other, and no other with it. */
const NONE = 'none'

export function ticked(chosen: readonly string[], choice: string): string[] {
  if (chosen.includes(choice)) return chosen.filter((one) => one !== choice)
  return [...chosen.filter((one) => (one === NONE) === (choice === NONE)), choice]
}
