import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { mailTrial as words } from '../words/mail.js'
import { adminPage } from './frame.js'

export interface MailTrialView {
  /** The administrator's own address, or ''. */
  readonly to: string
  readonly hasServer: boolean
  readonly outcome?:
    | { readonly kind: 'sent' }
    | { readonly kind: 'failed'; readonly stage: string | null; readonly reason: string }
    | undefined
}

/** Whether mails arrive: one is sent to whoever asks, and each step is told. */
export const mailTrialPage = (site: Site, view: MailTrialView): Html =>
  adminPage(site, {
    title: words.title,
    section: 'findings',
    problems:
      view.outcome?.kind === 'failed' ? [{ key: 'other', text: words.failed(view.outcome.reason) }] : [],
    body: html`${view.outcome !== undefined && outcome(view, view.outcome)} ${form(site, view)}
      <p class="links"><a href="${site.base}/admin/findings">${words.back}</a></p>`,
  })

function form(site: Site, { to, hasServer }: MailTrialView): Html {
  if (!hasServer)
    return html`<p>
      ${words.noServer} <code dir="ltr" translate="no">NIGHTLATCH_SMTP_URL</code>,
      <code dir="ltr" translate="no">NIGHTLATCH_MAIL_FROM</code>.
    </p>`
  if (to === '')
    return html`<p>${words.noAddress}</p>
      <p class="links"><a class="button" href="${site.base}/account">${words.account}</a></p>`
  return html`<p>${words.lead(named(to))}</p>
    <form method="post" action="${site.base}/admin/mail" novalidate>
      <div class="actions"><button class="primary" type="submit">${words.send}</button></div>
    </form>`
}

function outcome({ to }: MailTrialView, of: NonNullable<MailTrialView['outcome']>): Html | false {
  if (of.kind === 'sent')
    return html`<div class="box good" role="status"><p>${words.sent(named(to))}</p></div>`
  const at = words.stages.findIndex((stage) => stage === of.stage)
  return (
    at >= 0 &&
    html`<ol class="rows numbered">
      ${words.stages.map((stage, index) => step(stage, Math.sign(index - at)))}
    </ol>`
  )
}

/** -1: it was done; 0: it failed; 1: it was not reached. */
const step = (stage: string, place: number): Html =>
  html`<li>
    <div>
      <strong translate="no">${stage}</strong>
      <span class="badge${place === 0 && ' out'}"
        >${place < 0 ? words.done : place === 0 ? words.failedHere : words.notReached}</span
      >
    </div>
  </li>`
