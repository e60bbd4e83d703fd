import type { ImportedPerson, People } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { personOf } from './people.js'
import { linesOf, type TextFile } from './text-file.js'

export const readHtpasswd =
  (files: readonly TextFile[]): People =>
  () =>
    peopleIn(files)

/** As in the files of Linux: no hash begins so, and whoever wrote it there meant to keep somebody out. */
const isLocked = (hash: string): boolean => /^\s*[!*]/.test(hash)

const lockedThere = 'locked there: disabled here until `nightlatch user enable`'

/** Lines of `name:hash`; what stands behind a second colon is a comment. */
function* peopleIn(files: readonly TextFile[]): Generator<ImportedPerson> {
  for (const { name, pieces } of files) {
    let number = 0
    for (const line of linesOf(pieces())) {
      number += 1
      if (/^\s*(?:#|$)/.test(line)) continue
      const [username = '', hash] = line.split(':', 2)
      if (hash === undefined)
        throw new Refused(
          `${name}, line ${number} is none of an htpasswd file: it has no colon; nothing was imported`,
        )
      const disabled = isLocked(hash)
      yield personOf({
        place: `line ${number}`,
        username,
        passwordHash: hash.trim() || null,
        disabled,
        warnings: disabled ? [lockedThere] : [],
      })
    }
  }
}
