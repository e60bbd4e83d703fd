import { findingsPage } from '../../../pages/index.js'
import type { Handler } from '../../context.js'
import { siteOf } from '../../context.js'
import { page } from '../../response.js'
import { forAdministrators } from './guard.js'

export const getFindings: Handler = forAdministrators(async (context) => {
  const findings = await context.services.findings()
  return page(findingsPage(siteOf(context, context.signedIn), { findings }))
})
