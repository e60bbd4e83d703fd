import { html, named, type Html, type HtmlValue } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import type { Notice } from './layout/flash.js'
import { noticeBox } from './layout/parts.js'
import { moment } from './layout/time.js'
import { account as accountWords } from './words/account.js'
import { home } from './words/words.js'

export interface FactorRow {
  readonly name: string
  readonly addedAtSeconds: number
  readonly lastUsedAtSeconds?: number | undefined
}

export interface HomeView {
  /** The person's name, or the username where there is none. */
  readonly name: string
  readonly username: string
  readonly factors: readonly FactorRow[]
  readonly recoveryCodesLeft: number
  /** The person who runs this installation is told what can be done next. */
  readonly runsThis: boolean
  readonly notice?: Notice | undefined
}

export const homePage = (site: Site, view: HomeView): Html =>
  layout(site, {
    title: home.page,
    body: html`${noticeBox(view.notice, site.base)}
      <h1>${home.title}</h1>
      <p class="lead">
        <strong class="owner">${named(view.name)}</strong
        >${view.name !== view.username && html` <span class="hint">${named(view.username)}</span>`}
      </p>
      <section aria-labelledby="factors">
        <h2 id="factors">${home.factors}</h2>
        ${view.factors.length === 0 ? noFactor(site) : factorList(view)}
      </section>
      <p class="actions"><a class="button" href="${site.base}/account">${home.manage}</a></p>
      ${view.runsThis && nextSteps()}`,
  })

const nextSteps = (): Html =>
  html`<section class="aside commands" aria-labelledby="next-steps">
    <h2 id="next-steps">${home.nextTitle}</h2>
    <ul>
      ${home.nextSteps.map(({ text, command }) => html`<li>${text} <code dir="ltr" translate="no">${command}</code></li>`)}
    </ul>
  </section>`

const noFactor = (site: Site): Html =>
  html`<p>${home.none}</p>
    <p><a href="${site.base}/mfa/setup">${home.add}</a></p>`

const factorList = ({ factors, recoveryCodesLeft }: HomeView): Html =>
  html`<ul class="rows" role="list">
    ${factors.map((factor) => row(named(factor.name), lastUsed(factor)))}
    ${row(html`${home.codesLeft(recoveryCodesLeft)}`, recoveryCodesLeft <= 3 && accountWords.fewCodes)}
  </ul>`

const row = (name: Html, about: HtmlValue): Html =>
  html`<li>
    <div><strong>${name}</strong>${about && html`<span class="hint">${about}</span>`}</div>
  </li>`

export const lastUsed = ({ lastUsedAtSeconds }: FactorRow): Html =>
  lastUsedAtSeconds === undefined
    ? html`${accountWords.neverUsed}`
    : html`${accountWords.lastUsed} ${moment(lastUsedAtSeconds)}.`
