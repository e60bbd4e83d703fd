import type { Access, AccessRule } from '../../core/access/rules.js'
import type { Explanation } from '../../core/access/explain.js'
import { html, named, type Html, type HtmlValue } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { selectField, textField, type FormView } from '../layout/parts.js'
import { rulesWords as words } from '../words/rules.js'
import { adminPage } from './frame.js'

export const provenWith = ['two-factors', 'passkey', 'password'] as const
export type ProvenWith = (typeof provenWith)[number]

export interface RulesView extends FormView {
  /** null: the application guards its own pages. */
  readonly rules: { readonly rules: readonly AccessRule[]; readonly otherwise: Access } | null
  readonly asked: {
    readonly who: string
    readonly proof: ProvenWith
    readonly method: string
    readonly url: string
  }
  readonly answer?: (Explanation & { readonly isClosed: boolean }) | undefined
}

export const rulesPage = (site: Site, view: RulesView): Html =>
  adminPage(site, {
    title: words.title,
    section: 'rules',
    problems: view.problems,
    body:
      view.rules === null
        ? html`<p>${words.elsewhere}</p>`
        : html`<p>${words.lead}</p>
            ${list(view.rules.rules)}
            <p><strong>${words.otherwise}</strong>: ${words.access[view.rules.otherwise]}.</p>
            <h2 id="ask">${words.askTitle}</h2>
            ${view.answer && answer(view.answer)} ${ask(site, view)}`,
  })

const list = (rules: readonly AccessRule[]): Html =>
  rules.length === 0
    ? html`<p class="hint">${words.none}</p>`
    : html`<ol class="rows numbered">
        ${rules.map(rule)}
      </ol>`

const rule = (one: AccessRule): Html =>
  html`<li>
    <div>
      <strong>${one.name === undefined ? where(one) : named(one.name)}</strong>
      ${one.name !== undefined && html`<span class="hint">${where(one)}</span>`}
      <span class="hint"
        >${words.access[one.access]}${one.groups !== null && html`, ${words.groups} ${all(one.groups)}`}</span
      >
      ${one.launch !== undefined && html`<span class="hint">${words.opens} ${code(one.launch)}</span>`}
    </div>
  </li>`

/** Which addresses, as they are written. */
const where = ({ hosts, paths, methods }: AccessRule): Html =>
  html`${hosts === null ? words.everyHost : all(hosts, code)},
  ${paths === null ? words.everyPath : all(paths, code)}${methods !== null && html`, ${all(methods, code)}`}`

const code = (text: string): Html => html`<code dir="ltr" translate="no">${text}</code>`

const all = (texts: readonly string[], show: (text: string) => HtmlValue = named): Html =>
  html`${texts.map((text, at) => html`${at > 0 && ', '}${show(text)}`)}`

const answer = ({ outcome, rules, byDefault, isClosed }: NonNullable<RulesView['answer']>): Html =>
  html`<div class="box note" role="status">
    <p><strong>${words.outcomes[outcome]}</strong></p>
    <p>${isClosed && words.closed} ${outcome !== 'unreadable' && words.because(rules, byDefault)}</p>
  </div>`

const ask = (site: Site, view: RulesView): Html =>
  html`<form class="search" method="get" action="${site.base}/admin/rules" role="search" novalidate>
    ${textField(view, { name: 'who', label: words.who, hint: words.whoHint, autocomplete: 'off', value: view.asked.who })}
    ${selectField({
      name: 'proof',
      label: words.proof,
      options: provenWith.map((one) => ({
        value: one,
        label: words.proofs[one],
        selected: one === view.asked.proof,
      })),
    })}
    ${textField(view, { name: 'method', label: words.method, autocomplete: 'off', value: view.asked.method })}
    ${textField(view, { name: 'url', label: words.url, hint: words.urlHint, autocomplete: 'off', value: view.asked.url })}
    <div class="actions"><button type="submit">${words.ask}</button></div>
  </form>`
