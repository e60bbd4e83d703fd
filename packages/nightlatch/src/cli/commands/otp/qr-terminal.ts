type Modules = readonly (readonly boolean[])[]

const blackOnWhite = '\u001b[30;107m'
const reset = '\u001b[0m'

/**
 * Two rows of modules in one line of half blocks. Black and white are said, not assumed: on a dark terminal
 * plain characters would give an inverted code that many telephones cannot read. It is content and no
 * decoration, so it is the same with NO_COLOR.
 */
export function qrTerminal(modules: Modules): string {
  const lines: string[] = []
  for (let y = 0; y < modules.length; y += 2) {
    const [upper = [], lower = []] = [modules[y], modules[y + 1]]
    const cells = upper.map((top, x) => halfBlock(top, lower[x] ?? false))
    lines.push(`${blackOnWhite}${cells.join('')}${reset}`)
  }
  return lines.join('\n')
}

const halfBlock = (top: boolean, bottom: boolean): string => (top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ')

export const terminalWidth = (modules: Modules): number => modules.length
