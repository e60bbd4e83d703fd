import type { Mismatch } from '../core/applications/redirects.js'
import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import { actions } from './layout/parts.js'
import { consent, differences, handOver, notForYou, refusal, signOutOf } from './words/applications.js'
import { signOut } from './words/account.js'

export interface ConsentView {
  readonly application: string
  /** The request that waits for the answer. */
  readonly request: string
  readonly scopes: readonly string[]
  readonly username: string
  readonly name: string
  readonly email: string
  readonly groups: readonly string[]
}

export const consentPage = (site: Site, view: ConsentView): Html =>
  layout(site, {
    title: consent.title,
    body: html`<h1>${consent.heading(view.application)}</h1>
      <p>${consent.lead(view.application, view.username)}</p>
      <ul class="scopes">
        ${view.scopes.filter(isKnownScope).map((scope) => html`<li>${consent.scopes[scope]}${valueOf(view, scope)}</li>`)}
      </ul>
      <p class="hint">${consent.once}</p>
      <form method="post" action="${site.base}/oidc/consent" novalidate>
        <input type="hidden" name="request" value="${view.request}" />
        <div class="actions">
          <button class="primary" type="submit" name="answer" value="allow">${consent.allow}</button>
          <button class="plain" type="submit" name="answer" value="deny">${consent.deny}</button>
        </div>
      </form>`,
  })

export const isKnownScope = (scope: string): scope is keyof typeof consent.scopes =>
  Object.hasOwn(consent.scopes, scope)

/** What exactly it would learn. */
function valueOf({ name, username, email, groups }: ConsentView, scope: string): Html | null {
  const values: Record<string, string> = {
    profile: name === '' || name === username ? username : `${name}, ${username}`,
    email,
    groups: groups.join(', '),
  }
  const value = values[scope] ?? ''
  return value === '' ? null : html`: <strong>${named(value)}</strong>`
}

export interface HandOverView {
  readonly action: string
  readonly fields: readonly (readonly [string, string])[]
}

export const handOverPage = (site: Site, { action, fields }: HandOverView): Html =>
  layout(site, {
    title: handOver.title,
    withoutSignOut: true,
    body: html`<h1>${handOver.title}</h1>
      <p>${handOver.lead}</p>
      <form method="post" action="${action}" data-go novalidate>
        ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        ${actions({ submit: handOver.submit })}
      </form>`,
  })

export interface NotForYouView {
  readonly application: string
  readonly request: string
}

export const notForYouPage = (site: Site, view: NotForYouView): Html =>
  layout(site, {
    title: notForYou.title,
    body: html`<h1>${notForYou.heading(view.application)}</h1>
      <p>${notForYou.text(view.application, site.signedInAs ?? '')}</p>
      <p>${notForYou.ask}</p>
      <form method="post" action="${site.base}/oidc/consent" novalidate>
        <input type="hidden" name="request" value="${view.request}" />
        <div class="actions">
          <button class="primary" type="submit" name="answer" value="deny">
            ${notForYou.back(view.application)}
          </button>
          <a
            class="cancel"
            href="${site.base}/login?restart=yes&next=${encodeURIComponent(`${site.base}/oidc/authorize/${view.request}`)}"
            >${notForYou.other}</a
          >
        </div>
      </form>`,
  })

interface MismatchView extends Mismatch {
  readonly asked: string
  /** For administrators. */
  readonly addHref: string | undefined
}

export interface ApplicationRefusal {
  readonly kind: 'unknown' | 'address' | 'hint' | 'request'
  /** For whoever runs the application, in the words of the protocol. */
  readonly detail?: string | undefined
  /** The id that nobody has. */
  readonly calledItself?: string | undefined
  readonly application: string | undefined
  readonly mismatch: MismatchView | undefined
  /** It was about signing out somebody who is signed in, which is possible all the same. */
  readonly signingOut?: boolean
}

export function applicationRefusalPage(site: Site, view: ApplicationRefusal): Html {
  const words = refusal[view.kind]
  return layout(site, {
    title: words.title,
    width: 'wide',
    body: html`<h1>${words.title}</h1>
      <p>${words.text}</p>
      <dl class="facts">
        ${view.application !== undefined && fact(refusal.application, named(view.application))}
        ${view.mismatch !== undefined && mismatchFacts(view.mismatch)}
        ${view.calledItself !== undefined && fact(refusal.calledItself, html`<code dir="ltr" translate="no">${view.calledItself}</code>`)}
        ${view.detail !== undefined && fact(refusal.detail, html`<code dir="ltr" translate="no">${view.detail}</code>`)}
      </dl>
      <p class="actions">
        ${view.mismatch?.addHref !== undefined && html`<a class="button primary" href="${view.mismatch.addHref}">${refusal.add}</a>`}
        <a
          class="${view.mismatch?.addHref === undefined ? 'button primary' : 'cancel'}"
          href="${site.base}${view.signingOut === true ? '/logout' : '/'}"
          >${view.signingOut === true ? refusal.signOut : refusal.home}</a
        >
      </p>`,
  })
}

const fact = (name: string, value: Html): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

const mismatchFacts = ({ asked, nearest, same, difference }: MismatchView): Html =>
  html`${fact(refusal.asked, marked(asked, nearest === null ? asked.length : same))}
  ${fact(refusal.nearest, nearest === null ? html`${refusal.none}` : marked(nearest, same))}
  ${difference !== null && fact(refusal.difference, html`${differences[difference]}`)}`

/** From the first character on that differs. */
const marked = (address: string, same: number): Html =>
  html`<code class="address" dir="ltr" translate="no"
    >${address.slice(0, same)}${same < address.length && html`<mark>${address.slice(same)}</mark>`}</code
  >`

export interface SignOutView {
  readonly application: string | undefined
  /** What the application asked with; it comes back with the answer. */
  readonly fields: readonly (readonly [string, string])[]
}

/** An application wants its person signed out here, and cannot show whose session it means. */
export const signOutPage = (site: Site, { application, fields }: SignOutView): Html =>
  layout(site, {
    title: signOutOf.title,
    withoutSignOut: true,
    body: html`<h1>${signOutOf.title}</h1>
      <p>${application === undefined ? signOut.effect : signOutOf.effect(application)}</p>
      <form method="post" action="${site.base}/oidc/logout" novalidate>
        ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <input type="hidden" name="confirm" value="yes" />
        ${actions({ submit: signOut.submit, cancel: { href: `${site.base}/`, label: signOut.keep } })}
      </form>`,
  })
