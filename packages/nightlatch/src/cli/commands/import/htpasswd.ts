import type { ImportedPerson } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { personOf } from './people.js'
import type { TextFile } from './sources.js'

/** Lines of `name:hash`; what stands behind a second colon is a comment. */
export function readHtpasswd(files: readonly TextFile[]): readonly ImportedPerson[] {
  return files.flatMap(({ name, text }) =>
    text.split(/\r\n|[\n\r]/).flatMap((line, index) => {
      if (/^\s*(?:#|$)/.test(line)) return []
      const [username = '', hash] = line.split(':')
      if (hash === undefined)
        throw new Refused(
          `${name}, line ${index + 1} is none of an htpasswd file: it has no colon; nothing was imported`,
        )
      return [personOf({ place: `line ${index + 1}`, username, passwordHash: hash.trim() || null })]
    }),
  )
}
