/**
 * Walls between the folders of a package: which folder may import what. A wall speaks of places, not of how an import
 * is spelled: `../secret.js` in `core/keys/` and `./secret.js` in `core/` are both `core/secret`.
 */
import { dirname, join, relative, sep } from 'node:path'

/**
 * @typedef {object} Wall
 * @property {string} folder below the source folder
 * @property {readonly string[]} allowed what may be imported: `core/` and `node:` with all that they hold, `core/secret` and `pg` alone
 * @property {readonly string[]} [typesOnly] what may be imported as a type
 * @property {readonly string[]} [denied] what may not, although `allowed` holds it
 * @property {string} message
 */

/** @returns `core/secret` for a relative import, a package's or platform's name as it stands */
export function placeOf(source, file, specifier) {
  if (!specifier.startsWith('.')) return specifier
  const path = relative(source, join(dirname(file), specifier))
  return path
    .split(sep)
    .join('/')
    .replace(/\.(js|ts)$/, '')
}

const holds = (entries, place) =>
  entries.some((entry) => (/[/:]$/.test(entry) ? place.startsWith(entry) : place === entry))

/** @param {Wall} wall */
export const mayImport = (wall, place, { isType }) =>
  !holds(wall.denied ?? [], place) &&
  (holds([`${wall.folder}/`, ...wall.allowed], place) || (isType && holds(wall.typesOnly ?? [], place)))

/** The innermost wall around a file, if there is one. @param {readonly Wall[]} walls */
export function wallAround(walls, source, file) {
  const path = relative(source, file).split(sep).join('/')
  return walls
    .filter(({ folder }) => path.startsWith(`${folder}/`))
    .sort((one, other) => other.folder.length - one.folder.length)[0]
}

const isTypeImport = (node) =>
  (node.importKind ?? node.exportKind) === 'type' ||
  (node.specifiers?.length > 0 && node.specifiers.every((one) => one.importKind === 'type'))

/** The same as a rule of ESLint. @param {{ source: string, walls: readonly Wall[] }} of */
export const wallsRule = ({ source, walls }) => ({
  meta: { type: 'problem', schema: [] },
  create(context) {
    const wall = wallAround(walls, source, context.filename)
    const look = (node) => {
      if (wall === undefined || !node.source) return
      const place = placeOf(source, context.filename, node.source.value)
      if (mayImport(wall, place, { isType: isTypeImport(node) })) return
      context.report({ node, message: `${wall.message} (not ${place})` })
    }
    return { ImportDeclaration: look, ExportNamedDeclaration: look, ExportAllDeclaration: look }
  },
})
