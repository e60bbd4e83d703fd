import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  actions,
  errorSummary,
  failed,
  knownUsername,
  passwordField,
  textField,
  type FormView,
} from './layout/parts.js'
import { invitation } from './words/words.js'

export interface InvitationView extends FormView {
  /** Whose account it is. Absent: the very first account, which chooses its username here. */
  readonly username?: string | undefined
  /** The username typed so far, for the first account. */
  readonly typed?: string | undefined
  /** The same of the address. */
  readonly typedEmail?: string | undefined
  readonly minCharacters: number
}

export const invitationPage = (site: Site, view: InvitationView): Html => {
  const first = view.username === undefined
  const title = first ? invitation.titleFirst : invitation.title
  return layout(site, {
    title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <h1>${title}</h1>
      <p class="lead">
        ${view.username === undefined ? invitation.leadFirst : invitation.forWhom(view.username)}
      </p>
      <form method="post" action="${site.base}/invitation" novalidate>
        ${view.username === undefined ? usernameField(view) : knownUsername(view.username)}
        ${passwordField(view, { name: 'new_password', label: invitation.password, hint: invitation.passwordHint(view.minCharacters) })}
        ${first && emailField(view)}
        ${actions({ submit: first ? invitation.submitFirst : invitation.submit })}
      </form>`,
  })
}

const usernameField = (view: InvitationView): Html =>
  textField(view, {
    name: 'username',
    label: invitation.username,
    hint: invitation.usernameHint,
    autocomplete: 'username',
    value: view.typed,
  })

/** Nobody has to have one: whoever has is told of changes, and may be sent a new password's link. */
const emailField = (view: InvitationView): Html =>
  textField(view, {
    name: 'email',
    label: invitation.email,
    hint: invitation.emailHint,
    autocomplete: 'email',
    value: view.typedEmail,
  })
