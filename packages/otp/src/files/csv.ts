/** Comma-separated values (RFC 4180), as people's programs write them: quoted or not, with CR LF, LF or a mark first. */

interface CsvRow {
  /** The line that it begins at. */
  readonly line: number
  readonly cells: readonly string[]
}

/** A cell, quoted or bare, and what ends it. A quote that is not closed ends with the text. */
const cellOf = (separator: string): RegExp =>
  new RegExp(
    `(?:"([^"]*(?:""[^"]*)*)(?:"|$)([^${separator}\\r\\n]*)|([^${separator}\\r\\n]*))(${separator}|\\r\\n|\\r|\\n|$)`,
    'y',
  )

const textOf = ([, quoted, behind = '', bare = '']: readonly (string | undefined)[]): string =>
  quoted === undefined ? bare : quoted.replaceAll('""', '"') + behind

const isBlank = ({ cells }: CsvRow): boolean => cells.every((cell) => cell.trim() === '')

/** The rows of a text; one of blanks is none. */
export function readCsv(text: string, separator = separatorOf(text)): readonly CsvRow[] {
  const plain = text.replace(/^\ufeff/, '')
  const cell = cellOf(separator)
  const rows: CsvRow[] = []
  let row = { line: 1, cells: [] as string[] }
  let line = 1
  while (cell.lastIndex < plain.length) {
    const match = cell.exec(plain) ?? ['']
    row.cells.push(textOf(match))
    line += match[0].split(/\r\n|\r|\n/).length - 1
    const isLast = cell.lastIndex >= plain.length
    if (match[4] === separator && !isLast) continue
    if (match[4] === separator) row.cells.push('')
    rows.push(row)
    row = { line, cells: [] }
  }
  return rows.filter((one) => !isBlank(one))
}

/** A semicolon where a spreadsheet of half of Europe wrote the file. */
function separatorOf(text: string): string {
  const [first = ''] = text.replace(/^[\ufeff\s]+/, '').split(/[\r\n]/, 1)
  return first.includes(',') || !first.includes(';') ? ',' : ';'
}

/** A cell by the name of its column, in any case. */
export type Row = (column: string) => string

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly line: number; readonly row: Row }[]
}

const named = (column: string): string =>
  column
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')

/** Rows below a head. */
export function readTable(text: string): Table {
  const [head, ...rows] = readCsv(text)
  const columns = (head?.cells ?? []).map(named)
  return {
    columns,
    rows: rows.map(({ line, cells }) => ({
      line,
      row: (column) => cells[columns.indexOf(named(column))]?.trim() ?? '',
    })),
  }
}
