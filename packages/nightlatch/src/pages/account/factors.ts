import type { FactorKind } from '../../core/factors/factor.js'
import type { AccountView } from './account.js'
import { authenticatorsSection, codesSection } from './sections.js'
import { passkeysSection } from './passkeys.js'
import type { Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'

/** The section of each kind, in their order; null where there is nothing to show. */
const sections: Readonly<Record<FactorKind, (site: Site, view: AccountView) => Html | null>> = {
  passkey: passkeysSection,
  totp: authenticatorsSection,
  'recovery-code': (site, view) => (view.secondFactors > 0 ? codesSection(site, view) : null),
}

export const factorSections = (site: Site, view: AccountView): readonly (Html | null)[] =>
  Object.values(sections).map((section) => section(site, view))
