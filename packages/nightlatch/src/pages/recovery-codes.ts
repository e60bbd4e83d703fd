import { isoDate } from '../shared/time.js'
import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import type { Notice } from './layout/flash.js'
import {
  actions,
  errorSummary,
  failed,
  fieldState,
  nextField,
  noticeBox,
  type FormView,
} from './layout/parts.js'
import { day, dayText } from './layout/time.js'
import { common, recoveryCodes } from './words/words.js'

/** What the page, the print and the text file say about a set of codes. */
export interface RecoveryCodesFile {
  readonly codes: readonly string[]
  /** The username. */
  readonly account: string
  readonly instance: string
  readonly host: string
  readonly madeAtSeconds: number
}

export interface RecoveryCodesView extends FormView, RecoveryCodesFile {
  readonly downloadHref: string
  readonly next?: string | undefined
  readonly notice?: Notice | undefined
}

/** The visible words are short, so that three buttons stand in one row; those who hear them hear of what. */
const theCodes: Html = html`<span class="vh"> ${recoveryCodes.ofWhat}</span>`

export const recoveryCodesPage = (site: Site, view: RecoveryCodesView): Html =>
  layout(site, {
    title: recoveryCodes.title,
    failed: failed(view),
    body: html`${errorSummary(view)}${!failed(view) && noticeBox(view.notice)}
      <h1>${recoveryCodes.title}</h1>
      <p class="lead">${recoveryCodes.lead}</p>
      <ul class="codes" role="list" id="codes" aria-label="${recoveryCodes.list}" translate="no" dir="ltr">
        ${view.codes.map((code) => html`<li class="recovery-code">${code}</li>`)}
      </ul>
      <p class="made">
        ${recoveryCodes.for(view.account, view.host)}. ${recoveryCodes.made} ${day(view.madeAtSeconds)}.
      </p>
      <p class="keep">
        <a class="button" href="${view.downloadHref}" download="${recoveryCodesFileName(view)}"
          >${recoveryCodes.download}${theCodes}</a
        >
        <button class="quiet" type="button" hidden data-print>${recoveryCodes.print}${theCodes}</button>
        <button
          class="quiet"
          type="button"
          hidden
          data-copy="${view.codes.join('\n')}"
          data-copied="${common.copied}"
          data-failed="${recoveryCodes.copyFailed}"
        >
          ${recoveryCodes.copy}${theCodes}
        </button>
        <span role="status"></span>
      </p>
      <p class="where">${recoveryCodes.where}</p>
      ${savedForm(site, view)}`,
  })

function savedForm(site: Site, view: RecoveryCodesView): Html {
  const state = fieldState(view, 'saved')
  return html`<form class="saved" method="post" action="${site.base}/mfa/recovery-codes" novalidate>
    ${nextField(view.next)}${state.errors}
    <div class="check">
      <input id="saved" name="saved" type="checkbox" value="yes" ${state.attributes} />
      <label for="saved">${recoveryCodes.saved}</label>
    </div>
    ${actions({ submit: recoveryCodes.submit })}
  </form>`
}

/** One code per line, so that it can be pasted anywhere; what somebody typed stays on one line. */
export const recoveryCodesText = (file: RecoveryCodesFile): string =>
  [
    `${oneLine(file.instance)} (${oneLine(file.host)})`,
    `Recovery codes for ${oneLine(file.account)}`,
    `Made on ${dayText(file.madeAtSeconds)}`,
    '',
    ...file.codes,
    '',
    recoveryCodes.once,
    '',
  ].join('\r\n')

/** `acme-home-recovery-codes-alice-2026-11-21.txt` */
export function recoveryCodesFileName(file: RecoveryCodesFile): string {
  const date = isoDate(file.madeAtSeconds)
  const parts = [slug(file.instance), 'recovery-codes', slug(file.account), date]
  return `${parts.filter((part) => part !== '').join('-')}.txt`
}

const oneLine = (text: string): string => text.replace(/\p{C}+/gu, ' ').trim()

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-|-$/g, '')
