/** What the system says about contrast; `prefers-contrast: more` is the same as the phone's own switch. */
export const prefersContrast = matchMedia('(prefers-contrast: more)')

/** For pages without a switch of their own. */
export function followContrast(): void {
  const apply = (): void => {
    document.documentElement.dataset.contrast = prefersContrast.matches ? 'high' : 'normal'
  }
  prefersContrast.addEventListener('change', apply)
  apply()
}
