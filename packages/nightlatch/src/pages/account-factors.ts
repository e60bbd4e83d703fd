import type { FactorKind } from '../core/factors/factor.js'
import type { AccountView } from './account.js'
import { authenticatorsSection, codesSection } from './account-sections.js'
import type { Html } from './html.js'
import type { Site } from './layout.js'

/** The section of each kind, in their order; null where there is nothing to show. */
const sections: Readonly<Record<FactorKind, (site: Site, view: AccountView) => Html | null>> = {
  totp: authenticatorsSection,
  'recovery-code': (site, view) => (view.secondFactors > 0 ? codesSection(site, view) : null),
}

export const factorSections = (site: Site, view: AccountView): readonly (Html | null)[] =>
  Object.values(sections).map((section) => section(site, view))
