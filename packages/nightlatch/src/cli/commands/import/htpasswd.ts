import type { ImportedPerson } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { personOf } from './people.js'
import type { TextFile } from './sources.js'

/** Lines of `name:hash`; what stands behind a second colon is a comment. */
export function* readHtpasswd(files: readonly TextFile[]): Generator<ImportedPerson> {
  for (const { name, text } of files) {
    let number = 0
    for (const line of linesOf(text)) {
      number += 1
      if (/^\s*(?:#|$)/.test(line)) continue
      const [username = '', hash] = line.split(':', 2)
      if (hash === undefined)
        throw new Refused(
          `${name}, line ${number} is none of an htpasswd file: it has no colon; nothing was imported`,
        )
      yield personOf({ place: `line ${number}`, username, passwordHash: hash.trim() || null })
    }
  }
}

/** One after the other: all of them at once would be as much again. */
function* linesOf(text: string): Generator<string> {
  const ends = /\r\n|[\n\r]/g
  for (let at = 0; ; at = ends.lastIndex) {
    const end = ends.exec(text)
    yield text.slice(at, end?.index)
    if (end === null) return
  }
}
