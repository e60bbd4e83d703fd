/** What is printed at the end. */
import { table } from '../bench/lib/figures.mjs'

const seconds = (ms) => (ms / 1000).toFixed(1)

export function countsTable({ counts, broken }) {
  const refused = [...counts.refusedOtherwise].map(([why, count]) => `${why}: ${count}`).join(', ')
  return table({
    title: 'What people were promised',
    columns: ['', 'count'],
    rows: [
      ['sign-ins tried', counts.tried],
      ['acknowledged', counts.acknowledged],
      ['refused with 503', counts.refused503],
      ['cut, nothing answered', counts.cut],
      ['refused otherwise', refused === '' ? 0 : refused],
      ['kept although the answer never came', counts.keptUnanswered],
      ['codes sent once more', counts.resent],
      ['sign-outs acknowledged', counts.signOuts],
      ['wrong codes looked at', counts.wrongCodes],
      ['sessions asked about again', counts.rechecked],
      ['**acknowledged, but lost**', broken.lost.length],
      ['**codes accepted twice**', broken.twice.length],
      ['**attempts wrongly given back**', broken.refunded.length],
      ['**ended sessions that live again**', broken.alive.length],
    ],
  })
}

export function outagesTable(happened) {
  const kinds = new Map(happened.map(({ name }) => [name, happened.filter((one) => one.name === name)]))
  const worst = (list, key) => seconds(Math.max(...list.map((one) => one[key])))
  return table({
    title: 'Longest time without an answer, in seconds',
    columns: ['what happened', 'times', 'session checks', 'sign-ins'],
    rows: [...kinds].map(([name, list]) => [
      name,
      list.length,
      worst(list, 'checkGapMs'),
      worst(list, 'signInGapMs'),
    ]),
  })
}

/** The sentences behind what is not zero. */
export const brokenPromises = ({ broken }) =>
  Object.entries(broken).flatMap(([kind, sentences]) => sentences.map((text) => `${kind}: ${text}`))
