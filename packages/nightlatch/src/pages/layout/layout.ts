import { html, named, type Html, type HtmlValue } from './html.js'
import { mark } from './mark.js'
import { common } from '../words/words.js'

/** What is the same on every page of one instance. */
export interface Site {
  /** The name of the instance, as its people know it. */
  readonly name: string
  /** Where the pages live below the origin: '' or '/auth'. */
  readonly base: string
  /** The username of the person who is signed in. */
  readonly signedInAs?: string | undefined
  /** How to reach the person who runs the instance: an e-mail address, an https address or words; '' where nobody has said. */
  readonly contact?: string | undefined
  /** The addresses of the assets. */
  readonly assets: { readonly css: string; readonly js: string; readonly icon: string }
}

export interface Page {
  /** What the page is for; the instance's name is added. Nothing that somebody has typed. */
  readonly title: string
  readonly body: HtmlValue
  /** The form came back with a problem. */
  readonly failed?: boolean | undefined
  /** 'wide' for lists, else one narrow column. */
  readonly width?: 'wide' | undefined
  /** The page asks about signing out itself. */
  readonly withoutSignOut?: boolean | undefined
}

export function layout(site: Site, page: Page): Html {
  const title = `${page.failed ? common.errorTitle : ''}${page.title} – ${site.name}`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no" />
        <meta name="referrer" content="same-origin" />
        <meta name="robots" content="noindex" />
        <link rel="icon" type="image/svg+xml" href="${site.assets.icon}" />
        <link rel="stylesheet" href="${site.assets.css}" />
        <script src="${site.assets.js}" defer></script>
      </head>
      <body class="${page.width ?? 'narrow'}">
        <a class="skip" href="#main">${common.skip}</a>
        <div class="door">
          <header class="top">
            <a class="home" href="${site.base}/">${named(site.name)}</a>
            ${mark}
          </header>
          <main id="main">${page.body}</main>
        </div>
        ${footer(site, page)}
      </body>
    </html> `
}

function footer(site: Site, page: Page): Html {
  const signedIn = site.signedInAs !== undefined && !page.withoutSignOut
  return html`<footer class="bottom">
    ${
      signedIn &&
      html`<form class="leave" method="post" action="${site.base}/logout">
        <p>${common.signedInAs(site.signedInAs ?? '')}</p>
        <button class="plain" type="submit">${common.signOut}</button>
      </form>`
    }
    <a class="help" href="${site.base}/help">${common.help}</a>
  </footer>`
}
