import type { SigningAlgorithm } from '../../core/applications/application.js'
import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { actions, checkField, selectField, textArea, textField, type FormView } from '../layout/parts.js'
import { acts, person } from '../words/admin.js'
import { form as words } from '../words/admin-applications.js'
import { common } from '../words/words.js'
import { applicationHref } from './applications.js'
import { adminPage } from './frame.js'

/** As it was typed: lists of addresses are one a line, groups stand between commas. */
export interface TypedApplication {
  readonly name: string
  readonly id: string
  readonly isPublic: boolean
  readonly redirectUris: string
  readonly groups: string
  readonly twoFactors: boolean
  readonly skipConsent: boolean
  readonly allowsDevice: boolean
  readonly launchUrl: string
  readonly postLogoutUris: string
  readonly backchannelLogoutUri: string
  readonly signingAlgorithm: SigningAlgorithm
}

interface ApplicationFormView extends FormView {
  readonly typed: TypedApplication
  /** By the address: ours after a fresh proof, or a link of somebody else's, who may wish for another address. */
  readonly isFilledIn?: boolean
}

export const addApplicationPage = (site: Site, view: ApplicationFormView): Html =>
  adminPage(site, {
    title: words.addTitle,
    section: 'applications',
    problems: view.problems,
    body: html`<p>${words.addLead}</p>
      <form method="post" action="${site.base}/admin/applications/new" novalidate>
        ${view.isFilledIn === true && html`<p>${person.filledIn}</p>`} ${nameField(view)}
        ${textField(view, { name: 'client_id', label: words.id, hint: words.idHint, autocomplete: 'off', value: view.typed.id })}
        ${checkField({ name: 'public', label: words.public, isChecked: view.typed.isPublic })} ${fields(view)}
        ${actions({ submit: words.addSubmit, cancel: { href: `${site.base}/admin/applications`, label: common.cancel } })}
      </form>`,
  })

interface EditApplicationView extends ApplicationFormView {
  readonly id: string
  /** As it is called until it is saved. */
  readonly name: string
}

export const editApplicationPage = (site: Site, view: EditApplicationView): Html =>
  adminPage(site, {
    title: words.editTitle,
    heading: named(view.name),
    section: 'applications',
    problems: view.problems,
    body: html`<form method="post" action="${applicationHref(site, 'edit', view.id)}" novalidate>
      ${view.isFilledIn === true && html`<p>${person.filledIn}</p>`} ${nameField(view)} ${fields(view)}
      ${actions({ submit: words.save, cancel: { href: applicationHref(site, 'details', view.id), label: acts.keep } })}
    </form>`,
  })

const nameField = (view: ApplicationFormView): Html =>
  textField(view, {
    ...{ name: 'name', label: words.name, hint: words.nameHint, autocomplete: 'off' },
    value: view.typed.name,
  })

const fields = (view: ApplicationFormView): Html => {
  const { typed } = view
  return html`${textArea(view, { name: 'redirect_uris', label: words.redirects, hint: words.redirectsHint, value: typed.redirectUris })}
  ${textField(view, { name: 'groups', label: words.groups, hint: words.groupsHint, autocomplete: 'off', value: typed.groups })}
  ${checkField({ name: 'two_factors', label: words.twoFactors, isChecked: typed.twoFactors })}
  ${checkField({ name: 'skip_consent', label: words.skipConsent, isChecked: typed.skipConsent })}
  ${checkField({ name: 'device', label: words.device, isChecked: typed.allowsDevice })}
  ${textField(view, { name: 'launch_url', label: words.launch, hint: words.launchHint, autocomplete: 'off', value: typed.launchUrl })}
  ${textArea(view, { name: 'post_logout_uris', label: words.postLogout, hint: words.postLogoutHint, value: typed.postLogoutUris })}
  ${textField(view, { name: 'backchannel_logout_uri', label: words.backchannel, hint: words.backchannelHint, autocomplete: 'off', value: typed.backchannelLogoutUri })}
  ${selectField({
    name: 'signing',
    label: words.signing,
    options: (Object.keys(words.signings) as SigningAlgorithm[]).map((one) => ({
      value: one,
      label: words.signings[one],
      selected: one === typed.signingAlgorithm,
    })),
  })}`
}
