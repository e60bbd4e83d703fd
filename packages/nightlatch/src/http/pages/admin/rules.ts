import { askedAt } from '../../../core/access/applications.js'
import { hostOf } from '../../../core/access/challenge.js'
import { explainAccess } from '../../../core/access/explain.js'
import type { Person } from '../../../core/access/rules.js'
import type { Account } from '../../../core/accounts/account.js'
import { isOpen } from '../../../core/accounts/account.js'
import { findAccount } from '../../../core/accounts/administration.js'
import type { Problem, ProvenWith, RulesView } from '../../../pages/index.js'
import { provenWith, rulesPage, rulesWords as words } from '../../../pages/index.js'
import type { Handler, SignedInContext } from '../../context.js'
import { nowOf, siteOf } from '../../context.js'
import { statusOf } from '../../problems.js'
import { page } from '../../response.js'
import { forAdministrators } from './guard.js'

const usual: RulesView['asked'] = { who: '', proof: 'two-factors', method: 'GET', url: '' }

/** The rules as they were read, and what they would say to a request: the same decision that a request gets. */
export const getRules: Handler = forAdministrators(async (context) => {
  const { rules } = context.services
  const text = (name: 'who' | 'method' | 'url'): string =>
    (context.query.get(name) ?? usual[name]).trim().slice(0, 2000)
  const proof = provenWith.find((one) => one === context.query.get('proof')) ?? usual.proof
  const asked = { who: text('who'), proof, method: text('method'), url: text('url') }
  const isAsked = context.query.has('url')
  const shown = isAsked ? await answerTo(context, asked) : {}
  const extra = 'problems' in shown ? { status: statusOf('invalid-query') } : {}
  return page(rulesPage(siteOf(context, context.signedIn), { rules, asked, ...shown }), extra)
})

async function answerTo(
  context: SignedInContext,
  asked: RulesView['asked'],
): Promise<Pick<RulesView, 'answer' | 'problems'>> {
  const { rules, core, site } = context.services
  const problems: Problem[] = []
  if (!/^(?:https?:\/\/[^/?#\s]+|\/)\S*$/i.test(asked.url) || asked.url.startsWith('//'))
    problems.push({ key: 'other', field: 'url', text: words.badUrl })
  if (!/^[A-Z][A-Z-]{0,23}$/.test(asked.method))
    problems.push({ key: 'other', field: 'method', text: words.badMethod })
  const account = asked.who === '' ? null : await findAccount(core, asked.who)
  if (asked.who !== '' && account === null) problems.push({ key: 'other', field: 'who', text: words.nobody })
  if (problems.length > 0 || rules === null) return { problems }
  const isClosed = account !== null && !isOpen(account, nowOf(context))
  const person = account === null || isClosed ? null : personWith(account, asked.proof)
  const request = { ...askedAt(asked.url, hostOf(site.origin)), method: asked.method }
  return { answer: { ...explainAccess(rules, request, person), isClosed } }
}

const personWith = ({ groups }: Account, proof: ProvenWith): Person => ({
  groups,
  hasTwoFactors: proof !== 'password',
  isPhishingResistant: proof === 'passkey',
})
