import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  help,
  messages,
  messageWords,
  type HelpTopic,
  type MessageKey,
  type MessageWords,
} from './words/help.js'

export interface MessageView {
  readonly key: MessageKey
  /** Where to go next, if not where the message leads by itself. */
  readonly next?: { readonly href: string; readonly label: string } | undefined
  /** The number under which the log has the details. */
  readonly reference?: string | undefined
  /** What the person who runs the site needs to know, in one sentence. */
  readonly detail?: string | undefined
}

/** What stands in the way, in one calm sentence, and one next step. */
export function messagePage(site: Site, view: MessageView): Html {
  const words: MessageWords = messages[view.key]
  const next = view.next ?? defaultNext(site, words)
  return layout(site, {
    title: words.title,
    body: html`<h1>${words.title}</h1>
      <p>${words.text}</p>
      ${asksSomebody(words.text, view) && whoRunsIt(site)}
      ${view.detail !== undefined && html`<p>${view.detail}</p>`}
      ${view.reference !== undefined && html`<p>${messageWords.reference} <code class="reference" dir="ltr" translate="no">${view.reference}</code></p>`}
      <p class="actions"><a class="button primary" href="${next.href}">${next.label}</a></p>`,
  })
}

/** Whoever is told to ask somebody is told whom. */
const asksSomebody = (text: string, { reference }: MessageView): boolean =>
  reference !== undefined || text.includes('the person who runs this site')

const mailAddress = /^[^\s@]+@[^\s@]+$/

function whoRunsIt({ contact }: Site): Html | false {
  if (contact === undefined || contact === '') return false
  const href = /^https:\/\/\S+$/i.test(contact)
    ? contact
    : mailAddress.test(contact)
      ? `mailto:${contact}`
      : null
  return html`<p class="who-runs-it">
    ${help.whoRunsIt} ${href === null ? named(contact) : html`<a href="${href}">${contact}</a>`}
  </p>`
}

const defaultNext = (site: Site, words: MessageWords): { href: string; label: string } =>
  words.next === 'sign-in'
    ? { href: `${site.base}/login`, label: messageWords.signIn }
    : { href: `${site.base}/`, label: messageWords.home }

/** For everybody, signed in or not, and written for those who cannot sign in. */
export const helpPage = (site: Site): Html =>
  layout(site, {
    title: help.title,
    width: 'wide',
    body: html`<h1>${help.title}</h1>
      <nav aria-label="${help.onThisPage}">
        <ul class="contents" role="list">
          ${help.topics.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
        </ul>
      </nav>
      ${help.topics.map(topic)}
      <section id="contact" aria-labelledby="contact-title">
        <h2 id="contact-title">${help.contactTitle}</h2>
        <p>${help.contact}</p>
        ${whoRunsIt(site)}
      </section>
      <p class="actions">${wayBack(site)}</p>`,
  })

const wayBack = ({ base, signedInAs }: Site): Html =>
  signedInAs === undefined
    ? html`<a class="button primary" href="${base}/login">${help.toSignIn}</a>`
    : html`<a class="button primary" href="${base}/account">${help.toAccount}</a>`

const topic = ({ id, title, text, list, inOrder }: HelpTopic): Html => {
  const items = list?.map((item) => html`<li>${item}</li>`)
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${text.map((paragraph) => html`<p>${paragraph}</p>`)}
    ${
      items &&
      (inOrder
        ? html`<ol>
            ${items}
          </ol>`
        : html`<ul>
            ${items}
          </ul>`)
    }
  </section>`
}
