import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  actions,
  errorSummary,
  failed,
  knownUsername,
  nextField,
  passwordField,
  type FormView,
} from './layout/parts.js'
import { moment } from './layout/time.js'
import { due, undo } from './words/mail.js'

/** What going back changes: names of what goes and comes, and what else. */
interface Difference {
  readonly removed: readonly string[]
  readonly restored: readonly string[]
  readonly password: boolean
  readonly recoveryCodes: boolean
  readonly email: string | null
  readonly keepsFirstFactor: boolean
}

export interface UndoView {
  readonly username: string
  /** When that happened which was not its owner. */
  readonly atSeconds: number
  /** null: there is nothing to take back. */
  readonly difference: Difference | null
}

export const undoPage = (site: Site, view: UndoView): Html =>
  layout(site, {
    title: undo.title,
    withoutSignOut: true,
    body: html`<h1>${undo.title}</h1>
      <p class="lead">${undo.forWhom(view.username)}</p>
      <p>${undo.since} ${moment(view.atSeconds)}. ${undo.effects}</p>
      <ul>
        ${view.difference && linesOf(view.difference).map((line) => html`<li>${line}</li>`)}
        ${undo.always.map((line) => html`<li>${line}</li>`)}
      </ul>
      <p>${undo.ifItWas}</p>
      <form method="post" action="${site.base}/notice/undo" novalidate>
        ${actions({ submit: undo.submit, tone: 'danger' })}
      </form>`,
  })

function linesOf({
  removed,
  restored,
  password,
  recoveryCodes,
  email,
  keepsFirstFactor,
}: Difference): readonly Html[] {
  return [
    ...removed.map((name) => html`${undo.removed} ${named(name)}`),
    ...restored.map((name) => html`${undo.restored} ${named(name)}`),
    ...(password ? [html`${undo.password}`] : []),
    ...(recoveryCodes ? [html`${undo.recoveryCodes}`] : []),
    ...(email === null ? [] : [html`${undo.email} ${named(email)}`]),
    ...(keepsFirstFactor ? [html`${undo.keepsFirstFactor}`] : []),
  ]
}

export const undonePage = (site: Site): Html =>
  layout(site, {
    title: undo.doneTitle,
    withoutSignOut: true,
    body: html`<h1>${undo.doneTitle}</h1>
      <p class="lead">${undo.done}</p>
      <p class="actions"><a class="button primary" href="${site.base}/login">${undo.toSignIn}</a></p>`,
  })

export interface DuePasswordView extends FormView {
  readonly username: string
  readonly minCharacters: number
  readonly next?: string | undefined
}

export const duePasswordPage = (site: Site, view: DuePasswordView): Html =>
  layout(site, {
    title: due.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <h1>${due.title}</h1>
      <p class="lead">${due.why}</p>
      <form method="post" action="${site.base}/password/due" novalidate>
        ${nextField(view.next)}${knownUsername(view.username)}
        ${passwordField(view, { name: 'new_password', label: due.password, hint: due.rules(view.minCharacters) })}
        ${actions({ submit: due.submit })}
      </form>`,
  })
