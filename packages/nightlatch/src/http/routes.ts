import { discoveryPath } from '../core/applications/discovery.js'
import { getAccount } from './pages/account.js'
import * as access from './pages/application-access.js'
import * as change from './pages/account-changes.js'
import { apiRoutes } from './api/routes.js'
import { forwardAuth } from './forward-auth/forward-auth.js'
import { breakLoops } from './forward-auth/redirect-loop.js'
import { authenticatorPages, passkeyPages } from './pages/factor-changes.js'
import * as email from './pages/email.js'
import * as undo from './pages/undo.js'
import * as passwordReset from './pages/password-reset.js'
import * as home from './pages/home.js'
import * as invitation from './pages/invitation.js'
import * as register from './pages/register.js'
import * as operations from './health/health.js'
import { authorize, resume } from './oidc/authorize.js'
import { getConsent, postConsent } from './oidc/consent.js'
import { getDiscovery, getKeys } from './oidc/discovery.js'
import * as device from './oidc/device.js'
import { deviceAuthorization, endpoint } from './oidc/endpoints.js'
import { logout } from './oidc/logout.js'
import { later } from './later.js'
import type { Route } from './router.js'
import * as passkeySetUp from './pages/passkey-set-up.js'
import * as passkeys from './pages/passkey-pages.js'
import * as token from './pages/token-set-up.js'
import * as step from './pages/resynchronise.js'
import * as setUp from './pages/set-up.js'
import * as signIn from './pages/sign-in.js'
import * as stepUp from './pages/reauthenticate.js'
import type { Handler } from './context.js'

const pair = (path: string, get: Handler, post: Handler): Route<Handler>[] => [
  { method: 'GET', path, handler: get },
  { method: 'POST', path, handler: post },
]

const get = (path: string, handler: Handler): Route<Handler> => ({ method: 'GET', path, handler })

/** For every site and program: what may come from where is for the protocol to say. */
const any = (path: string, handler: Handler): Route<Handler> => ({ method: 'ANY', path, handler })

/** To nearly everybody there is nothing here. */
const admin = later(() => import('./pages/admin/index.js'))

const personActs = [
  'invite',
  'rescue',
  'give-token',
  'take-token',
  'end-sessions',
  'reset-mfa',
  'disable',
  'enable',
  'approve',
  'remove',
] as const

/** Every address there is. */
export const routes: readonly Route<Handler>[] = [
  get('/', home.getHome),
  get('/help', home.getHelp),
  ...pair('/login', breakLoops(signIn.getLogin), signIn.postLogin),
  ...pair('/login/passkey', passkeys.getPasskeyLogin, passkeys.postPasskeyLogin),
  ...pair('/logout', home.getLogout, home.postLogout),
  ...pair('/password/forgot', passwordReset.getForgotten, passwordReset.postForgotten),
  ...pair('/notice/undo', undo.getUndo, undo.postUndo),
  ...pair('/password/due', undo.getDuePassword, undo.postDuePassword),
  ...pair('/password/reset', passwordReset.getReset, passwordReset.postReset),
  ...pair('/email/confirm', email.getConfirmEmail, email.postConfirmEmail),
  ...pair('/invitation', invitation.getInvitation, invitation.postInvitation),
  ...pair('/register', register.getRegister, register.postRegister),
  get('/register/sent', register.getSent),
  get('/register/waiting', register.getWaiting),
  ...pair('/mfa/verify', signIn.getVerify, signIn.postVerify),
  ...pair('/mfa/passkey', signIn.getPasskeyStep, signIn.postPasskeyStep),
  get('/mfa/passkey-due', passkeys.getPasskeyDue),
  ...pair('/mfa/recovery', signIn.getRecovery, signIn.postRecovery),
  ...pair('/mfa/setup', setUp.getSetUp, setUp.postSetUp),
  ...pair('/mfa/setup/passkey', passkeySetUp.getPasskeySetUp, passkeySetUp.postPasskeySetUp),
  ...pair('/mfa/setup/token', token.getTokenSetUp, token.postTokenSetUp),
  get('/mfa/setup/qr.png', setUp.getQrPng),
  get('/mfa/setup/qr.svg', setUp.getQrSvg),
  ...pair('/mfa/recovery-codes', setUp.getRecoveryCodes, setUp.postRecoveryCodes),
  get('/mfa/recovery-codes/download', setUp.getRecoveryCodesFile),
  get('/account', getAccount),
  ...pair('/account/authenticators/:id/rename', ...authenticatorPages.rename),
  ...pair('/account/authenticators/:id/remove', ...authenticatorPages.remove),
  ...pair('/account/authenticators/:id/resynchronise', step.getResynchronise, step.postResynchronise),
  ...pair('/account/passkeys/:id/rename', ...passkeyPages.rename),
  ...pair('/account/passkeys/:id/remove', ...passkeyPages.remove),
  ...pair('/account/recovery-codes/renew', change.getRenewCodes, change.postRenewCodes),
  ...pair('/account/sessions/:id/end', change.getEndSession, change.postEndSession),
  ...pair('/account/sessions/end-others', change.getEndOthers, change.postEndOthers),
  ...pair('/account/trusted-devices/:id/end', change.getEndTrusted, change.postEndTrusted),
  ...pair('/account/applications/withdraw', access.getWithdraw, access.postWithdraw),
  ...pair('/account/email', email.getEmail, email.postEmail),
  ...pair('/account/password', change.getPassword, change.postPassword),
  ...pair('/account/change-phone', change.getChangePhone, change.postChangePhone),
  ...pair('/account/confirm', stepUp.getConfirm, stepUp.postConfirm),
  ...pair('/account/confirm/passkey', stepUp.getConfirmPasskey, stepUp.postConfirmPasskey),
  ...pair('/account/confirm/recovery', stepUp.getConfirmRecovery, stepUp.postConfirmRecovery),
  get(
    '/admin',
    admin(({ people }) => people.getPeople),
  ),
  ...pair(
    '/admin/people/new',
    admin(({ addPerson }) => addPerson.getAddPerson),
    admin(({ addPerson }) => addPerson.postAddPerson),
  ),
  get(
    '/admin/people/:id',
    admin(({ person }) => person.getPerson),
  ),
  ...pair(
    '/admin/people/:id/edit',
    admin(({ person }) => person.getEditPerson),
    admin(({ person }) => person.postEditPerson),
  ),
  ...personActs.flatMap((act) =>
    pair(
      `/admin/people/:id/${act}`,
      admin(({ person }) => person.getAct(act)),
      admin(({ person }) => person.postAct(act)),
    ),
  ),
  get(
    '/admin/groups',
    admin(({ groups }) => groups.getGroups),
  ),
  ...pair(
    '/admin/groups/rename',
    admin(({ groups }) => groups.getRenameGroup),
    admin(({ groups }) => groups.postRenameGroup),
  ),
  ...pair(
    '/admin/groups/remove',
    admin(({ groups }) => groups.getRemoveGroup),
    admin(({ groups }) => groups.postRemoveGroup),
  ),
  get(
    '/admin/invitations',
    admin(({ invitations }) => invitations.getInvitations),
  ),
  ...pair(
    '/admin/invitations/new',
    admin(({ invitations }) => invitations.getAddInvitation),
    admin(({ invitations }) => invitations.postAddInvitation),
  ),
  ...pair(
    '/admin/invitations/:id/withdraw',
    admin(({ invitations }) => invitations.getWithdraw),
    admin(({ invitations }) => invitations.postWithdraw),
  ),
  get(
    '/admin/rules',
    admin(({ rules }) => rules.getRules),
  ),
  get(
    '/admin/applications',
    admin(({ applications }) => applications.getApplications),
  ),
  get(
    '/admin/applications/details',
    admin(({ applications }) => applications.getApplication),
  ),
  ...pair(
    '/admin/applications/new',
    admin(({ applicationForm }) => applicationForm.getAddApplication),
    admin(({ applicationForm }) => applicationForm.postAddApplication),
  ),
  ...pair(
    '/admin/applications/edit',
    admin(({ applicationForm }) => applicationForm.getEditApplication),
    admin(({ applicationForm }) => applicationForm.postEditApplication),
  ),
  ...pair(
    '/admin/applications/rotate-secret',
    admin(({ applications }) => applications.getRotateSecret),
    admin(({ applications }) => applications.postRotateSecret),
  ),
  ...pair(
    '/admin/applications/remove',
    admin(({ applications }) => applications.getRemoveApplication),
    admin(({ applications }) => applications.postRemoveApplication),
  ),
  ...pair(
    '/admin/applications/address',
    admin(({ applications }) => applications.getAddAddress),
    admin(({ applications }) => applications.postAddAddress),
  ),
  get(
    '/admin/activity',
    admin(({ activity }) => activity.getActivity),
  ),
  get(
    '/admin/findings',
    admin(({ findings }) => findings.getFindings),
  ),
  ...pair(
    '/admin/mail',
    admin(({ mail }) => mail.getMail),
    admin(({ mail }) => mail.postMail),
  ),
  get('/.well-known/webauthn', passkeys.getRelatedOrigins),
  get('/.well-known/change-password', home.getChangePassword),
  get(discoveryPath, getDiscovery),
  get('/.well-known/oauth-authorization-server', getDiscovery),
  get('/oidc/jwks', getKeys),
  any('/oidc/authorize', authorize),
  get('/oidc/authorize/:id', resume),
  ...pair('/oidc/consent', getConsent, postConsent),
  any('/oidc/logout', logout),
  any('/oidc/token', endpoint),
  any('/oidc/userinfo', endpoint),
  any('/oidc/revoke', endpoint),
  any('/oidc/introspect', endpoint),
  any('/oidc/device_authorization', deviceAuthorization),
  ...pair('/device', device.getDevice, device.postDevice),
  ...pair('/device/answer', device.getAnswer, device.postAnswer),
  any('/forward-auth', forwardAuth),
  get('/healthz', operations.getHealth),
  get('/readyz', operations.getReadiness),
  get('/metrics', operations.getMetrics),
  ...apiRoutes,
]
