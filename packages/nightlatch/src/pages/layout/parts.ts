import { factorWords } from '../words/factors.js'
import { html, named, render, type Html, type HtmlValue } from './html.js'
import { isImportant, noticeAction, noticeText, type Notice } from './flash.js'
import { fieldsOf, problemText, type FieldName, type Problem } from './problems.js'
import { common, verify } from '../words/words.js'

/** What every form may come back with. */
export interface FormView {
  readonly problems?: readonly Problem[] | undefined
}

export const failed = (view: FormView): boolean => (view.problems ?? []).length > 0

/** Stable over releases: browsers and password managers remember fields by these. */
const fieldId = (name: FieldName): string =>
  name === 'password' ? 'current-password' : name.replaceAll('_', '-')

/**
 * First in `main` when a form comes back. It takes the focus by itself, without a script; the alert is a child
 * of the focused box, because announcing and focusing one node at once makes some screen readers drop one of them.
 * `elsewhere` leads a problem that no field can mend to the page that can.
 */
export function errorSummary(view: FormView, elsewhere?: string): Html | null {
  const { problems = [] } = view
  if (problems.length === 0) return null
  const items = problems.map((problem) => {
    const [field] = fieldsOf(problem)
    const href = field === undefined ? elsewhereFor(problem, elsewhere) : `#${fieldId(field)}`
    const text = problemText(problem)
    return html`<li>${href === undefined ? text : html`<a href="${href}">${text}</a>`}</li>
      ${wayOut(problem, elsewhere)}`
  })
  return html`<div class="box bad" tabindex="-1" autofocus>
    <div role="alert">
      <h2>${common.problems}</h2>
      <ul>
        ${items}
      </ul>
    </div>
  </div>`
}

const elsewhereFor = (problem: Problem, elsewhere: string | undefined): string | undefined =>
  problem.key === 'code-looks-like-recovery' ? elsewhere : undefined

/** While no code of the app helps, a recovery code does. */
const helpedByRecovery = new Set<Problem['key']>(['code-locked', 'code-blocked', 'code-unreadable'])

const wayOut = ({ key }: Problem, elsewhere: string | undefined): Html | null =>
  elsewhere === undefined || !helpedByRecovery.has(key)
    ? null
    : html`<li><a href="${elsewhere}">${factorWords['recovery-code'].use}</a></li>`

/** From the second wrong code on: a stranger learns nothing from it, and most often it is the clock. */
export const clockHelp = (failures = 0): { readonly hint: Html | null; readonly hintIds: string } =>
  failures < 2
    ? { hint: null, hintIds: 'otp-hint' }
    : {
        hint: html`<p class="hint" id="clock-hint">${verify.clockHelp}</p>`,
        hintIds: 'otp-hint clock-hint',
      }

/** What has just been done, once, after a redirect. */
export const noticeBox = (notice: Notice | undefined, base = ''): Html | null =>
  notice === undefined
    ? null
    : html`<div
        class="box ${isImportant(notice) ? 'note' : 'good'}"
        role="region"
        aria-labelledby="notice-title"
        tabindex="-1"
        autofocus
      >
        <h2 id="notice-title">${isImportant(notice) ? common.important : common.done}</h2>
        <p>${noticeText(notice)}</p>
        ${noticeLink(notice, base)}
      </div>`

function noticeLink(notice: Notice, base: string): Html | null {
  const action = noticeAction(notice)
  return action === null
    ? null
    : html`<p class="links">
        <a class="button${isImportant(notice) && ' primary'}" href="${base}${action.path}">${action.label}</a>
      </p>`
}

/** Whose pages these are. */
export const ownerLine = ({ name, username }: { readonly name: string; readonly username: string }): Html =>
  html`<p class="lead">
    <strong class="owner">${named(name)}</strong
    >${name !== username && html` <span class="hint">${named(username)}</span>`}
  </p>`

/** A lamp that is lit while a second step is on; the words say so as well. */
export const lampLine = (isLit: boolean, words: HtmlValue, id?: string): Html =>
  html`<p class="lamp${isLit && ' lit'}" ${id !== undefined && html` id="${id}"`}>${words}</p>`

/** The problems of one field: its words, and the attributes that tie them to it. */
interface FieldState {
  readonly errors: readonly Html[]
  readonly describedBy: Html | null
  readonly attributes: Html
}

export function fieldState(view: FormView, name: FieldName, hintId?: string): FieldState {
  const concerning = (view.problems ?? []).filter((problem) => fieldsOf(problem).includes(name))
  const own = concerning.filter((problem) => fieldsOf(problem)[0] === name)
  const [place] = concerning.flatMap(fieldsOf)
  const ids = [hintId, place && `${fieldId(place)}-error`].filter((id) => id !== undefined)
  const describedBy = ids.length === 0 ? null : html` aria-describedby="${ids.join(' ')}"`
  return {
    errors:
      own.length === 0
        ? []
        : [html`<p class="error" id="${fieldId(name)}-error">${own.map(problemText).map(line)}</p>`],
    describedBy,
    attributes: html`${concerning.length > 0 && html` aria-invalid="true"`}${describedBy}`,
  }
}

const line = (text: HtmlValue, index: number): Html => html`${index > 0 && html`<br />`}${text}`

interface TextField {
  readonly name: FieldName
  readonly label: HtmlValue
  readonly autocomplete: string
  readonly hint?: HtmlValue
  readonly value?: string | undefined
  readonly className?: string | undefined
}

/** Label, hint, error and box. Names and codes are nothing to correct, to capitalise or to send to a spell checker. */
export function textField(view: FormView, field: TextField): Html {
  const id = fieldId(field.name)
  const hintId = field.hint ? `${id}-hint` : undefined
  const state = fieldState(view, field.name, hintId)
  return html`<div class="field">
    <label for="${id}">${field.label}</label>
    ${field.hint && html`<p class="hint" id="${id}-hint">${field.hint}</p>`}${state.errors}
    <input
      id="${id}"
      name="${field.name}"
      type="text"
      ${field.className && html` class="${field.className}"`}
      autocomplete="${field.autocomplete}"
      autocapitalize="none"
      autocorrect="off"
      spellcheck="false"
      ${field.value ? html` value="${field.value}"` : null}${state.attributes}
    />
  </div>`
}

interface TextArea {
  readonly name: FieldName
  readonly label: string
  readonly hint: string
  readonly value: string
}

/** For several, one a line. */
export function textArea(view: FormView, field: TextArea): Html {
  const id = fieldId(field.name)
  const state = fieldState(view, field.name, `${id}-hint`)
  return html`<div class="field">
    <label for="${id}">${field.label}</label>
    <p class="hint" id="${id}-hint">${field.hint}</p>
    ${state.errors}
    <textarea
      id="${id}"
      name="${field.name}"
      rows="3"
      dir="ltr"
      autocomplete="off"
      autocapitalize="none"
      autocorrect="off"
      spellcheck="false"
      ${state.attributes}
    >
${field.value}</textarea>
  </div>`
}

interface CheckField {
  readonly name: string
  readonly label: string
  readonly isChecked: boolean
}

export const checkField = ({ name, label, isChecked }: CheckField): Html =>
  html`<div class="check">
    <input id="${name}" name="${name}" type="checkbox" value="yes" ${isChecked && html` checked`} />
    <label for="${name}">${label}</label>
  </div>`

export interface Option {
  readonly value: string
  readonly label: string
  readonly selected: boolean
}

interface SelectField {
  readonly name: string
  readonly label: string
  readonly options: readonly Option[]
}

export const selectField = ({ name, label, options }: SelectField): Html =>
  html`<div class="field">
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${options.map((one) => html`<option value="${one.value}" ${one.selected && html` selected`}>${one.label}</option>`)}
    </select>
  </div>`

interface PasswordField {
  readonly name: 'password' | 'current_password' | 'new_password'
  readonly label: string
  readonly hint?: string | undefined
}

/** The button is rendered hidden: the script that makes it work shows it. */
export function passwordField(view: FormView, field: PasswordField): Html {
  const id = fieldId(field.name)
  const isNew = field.name === 'new_password'
  const state = fieldState(view, field.name, field.hint ? `${id}-hint` : undefined)
  const show = isNew ? common.showNewPassword : common.showPassword
  const hide = isNew ? common.hideNewPassword : common.hidePassword
  return html`<div class="field">
    <label for="${id}">${field.label}</label>
    ${field.hint && html`<p class="hint" id="${id}-hint">${field.hint}</p>`}${state.errors}
    <div class="with-button">
      <input
        id="${id}"
        name="${field.name}"
        type="password"
        autocomplete="${isNew ? 'new-password' : 'current-password'}"
        autocapitalize="none"
        autocorrect="off"
        spellcheck="false"
        ${state.attributes}
      />
      <button
        class="quiet"
        type="button"
        hidden
        data-reveal="${id}"
        aria-controls="${id}"
        aria-label="${show}"
        data-show="${common.show}"
        data-hide="${common.hide}"
        data-show-label="${show}"
        data-hide-label="${hide}"
        data-shown="${common.passwordShown}"
        data-hidden="${common.passwordHidden}"
      >
        ${common.show}
      </button>
      <span class="vh" role="status"></span>
    </div>
  </div>`
}

/**
 * The box for the 6-digit code: one, of text, without a length, because people paste `123 456`. It stands in a
 * wrapper of its own, away from words by which password managers take it for another kind of field.
 */
export function codeInput(
  view: FormView,
  hintId?: string,
  autofocus = false,
): { input: Html; errors: readonly Html[] } {
  const state = fieldState(view, 'otp', hintId)
  return {
    errors: state.errors,
    input: html`<div class="code-box">
      <input
        id="otp"
        name="otp"
        type="text"
        inputmode="numeric"
        autocomplete="one-time-code"
        autocapitalize="none"
        autocorrect="off"
        spellcheck="false"
        enterkeyhint="go"
        dir="ltr"
        class="code"
        ${state.attributes}${autofocus && html` autofocus`}
      />
    </div>`,
  }
}

/** Where the sign-in is to lead; empty where it leads nowhere in particular. */
export const nextField = (next: string | undefined): Html | null =>
  next === undefined ? null : html`<input type="hidden" name="next" value="${next}" />`

/** Tells a password manager whose password this is, on pages that do not ask for the name again. */
export const knownUsername = (username: string): Html =>
  html`<input type="text" autocomplete="username" value="${username}" readonly hidden />`

interface Actions {
  readonly submit: HtmlValue
  readonly tone?: 'danger' | undefined
  readonly cancel?: { readonly href: string; readonly label: HtmlValue } | undefined
}

export const actions = ({ submit, tone, cancel }: Actions): Html =>
  html`<div class="actions">
    <button class="${tone ?? 'primary'}" type="submit">${submit}</button>
    ${cancel && html`<a class="cancel" href="${cancel.href}">${cancel.label}</a>`}
  </div>`

/** Accessible names of buttons in a list must differ, even where the things they act on look the same. */
export function uniqueNames(names: readonly Html[]): readonly Html[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const text = render(name)
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    return times === 1 ? name : html`${name} (${times})`
  })
}
