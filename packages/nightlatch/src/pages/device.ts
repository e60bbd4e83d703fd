import { isKnownScope } from './applications.js'
import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import { actions, errorSummary, failed, textField, type FormView } from './layout/parts.js'
import { moment } from './layout/time.js'
import { consent } from './words/applications.js'
import { deviceWords as words } from './words/device.js'
import { common } from './words/words.js'

/** A code is typed here and never filled in by an address: a link that somebody sends brings none along. */
export const deviceCodePage = (site: Site, view: FormView): Html =>
  layout(site, {
    title: words.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${words.title}</h1>
      <p>${words.lead}</p>
      <p>${words.warning}</p>
      <form method="post" action="${site.base}/device" autocomplete="off" novalidate>
        ${textField(view, { name: 'user_code', label: words.code, hint: words.codeHint, autocomplete: 'off', className: 'code' })}
        ${actions({ submit: words.submit, cancel: { href: `${site.base}/`, label: common.cancel } })}
      </form>`,
  })

export interface ScreenView {
  readonly id: string
  readonly application: string
  readonly address: string
  readonly userAgent: string
  readonly startedAtSeconds: number
  readonly scopes: readonly string[]
  readonly username: string
}

const fact = (term: string, value: Html | string): Html =>
  html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`

/** What asks, from where and since when: what a person can compare with the screen. */
export const devicePage = (site: Site, view: ScreenView): Html =>
  layout(site, {
    title: words.askTitle,
    body: html`<h1>${words.askHeading(view.application)}</h1>
      <p>${words.askLead(view.username)}</p>
      <dl class="facts">
        ${fact(words.application, named(view.application))}
        ${fact(words.address, html`<code dir="ltr" translate="no">${view.address}</code>`)}
        ${view.userAgent !== '' && fact(words.program, named(view.userAgent))}
        ${fact(words.since, moment(view.startedAtSeconds))}
        ${fact(words.learns, html`${learnt(view).map((text, at) => html`${at > 0 && html`<br />`}${text}`)}`)}
      </dl>
      <p>${words.check}</p>
      <form method="post" action="${site.base}/device/answer" novalidate>
        <input type="hidden" name="request" value="${view.id}" />
        <div class="actions">
          <button class="primary" type="submit" name="answer" value="deny">${words.deny}</button>
          <button class="plain" type="submit" name="answer" value="allow">${words.allow}</button>
        </div>
      </form>`,
  })

const learnt = ({ scopes }: ScreenView): readonly string[] =>
  scopes.filter(isKnownScope).map((scope) => consent.scopes[scope])

export const deviceAnsweredPage = (
  site: Site,
  { application, isAllowed }: { readonly application: string; readonly isAllowed: boolean },
): Html =>
  layout(site, {
    title: isAllowed ? words.allowedTitle : words.deniedTitle,
    body: html`<h1>${isAllowed ? words.allowedTitle : words.deniedTitle}</h1>
      <p>${isAllowed ? words.allowed(application) : words.denied}</p>
      <p class="actions"><a class="button primary" href="${site.base}/">${words.home}</a></p>`,
  })
