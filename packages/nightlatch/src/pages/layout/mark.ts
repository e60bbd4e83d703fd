import { html, type Html } from './html.js'

/** The door plate with its keyhole, whose round part is a crescent moon. The same drawing as assets/mark.svg. */
export const mark: Html = html`<svg class="mark" viewBox="3 0 26 32" aria-hidden="true" focusable="false">
  <rect class="plate" x="3" width="26" height="32" rx="8" />
  <path
    class="keyhole"
    d="M15.78 4.4A8 8 0 0 0 14.3 20.22L12 28.2h8L17.7 20.22A8 8 0 0 0 23.24 15.81A6.9 6.9 0 1 1 15.78 4.4Z"
  />
</svg>`
