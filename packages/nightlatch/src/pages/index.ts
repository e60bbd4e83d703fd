export { html, named, raw, render, type Html, type HtmlValue } from './layout/html.js'
export { layout, type Page, type Site } from './layout/layout.js'
export { assetFiles, assetFolder, assetNames, hashedName, type AssetName } from './assets.js'
export type { FormView } from './layout/parts.js'
export type { FieldName, Problem, ProblemKey } from './layout/problems.js'
export type { Notice, NoticeKey } from './layout/flash.js'
export type { Wait } from './layout/time.js'
export {
  loginPage,
  recoveryPage,
  verifyPage,
  type LoginView,
  type RecoveryView,
  type VerifyView,
} from './sign-in.js'
export { changePhonePage, setupPage, type ChangePhoneView, type SetupView } from './setup.js'
export {
  lostFactorPage,
  newPasskeyPage,
  passkeyStepPage,
  type LostFactorView,
  type NewPasskeyView,
  type PasskeyStepView,
} from './passkeys.js'
export {
  confirmEmailPage,
  emailPage,
  forgottenPage,
  forgottenSentPage,
  resetPage,
  type ConfirmEmailView,
  type EmailView,
  type ForgottenView,
  type ResetView,
} from './mail-links.js'
export { duePasswordPage, undonePage, undoPage, type DuePasswordView, type UndoView } from './undo.js'
export { qrSvg, qrSvgDocument, type QrModules } from './layout/qr-svg.js'
export {
  recoveryCodesFileName,
  recoveryCodesPage,
  recoveryCodesText,
  type RecoveryCodesFile,
  type RecoveryCodesView,
} from './recovery-codes.js'
export { homePage, type Application, type FactorRow, type HomeView } from './home.js'
export {
  accountPage,
  type AccountView,
  type ActivityRow,
  type AuthenticatorRow,
  type PasskeyRow,
  type PasskeySignal,
  type PasskeysView,
  type SessionRow,
  type TrustedDeviceRow,
} from './account/account.js'
export { newTokenPage, type NewTokenView } from './token.js'
export { resynchronisePage, type ResynchroniseView } from './account/resynchronise.js'
export { withdrawPage, type WithdrawView } from './account/applications.js'
export type { ConfirmAction } from './words/account.js'
export { factorWords, type FactorWords } from './words/factors.js'
export {
  endOtherSessionsPage,
  endSessionPage,
  endTrustedDevicePage,
  passwordPage,
  removeAuthenticatorPage,
  renamePage,
  renewCodesPage,
  type AuthenticatorView,
  type DeviceView,
  type EndOtherSessionsView,
  type PasswordView,
  type RemoveAuthenticatorView,
  type RenameView,
  type RenewCodesView,
} from './account/actions.js'
export {
  confirmPage,
  confirmPasskeyPage,
  confirmRecoveryPage,
  logoutPage,
  type ConfirmCodeView,
  type ConfirmView,
} from './confirm.js'
export { invitationPage, type InvitationView } from './invitation.js'
export { registerAddressPage, registerPage, registerSentPage, waitingPage } from './register.js'
export { invitationProblems, registration as registrationWords } from './words/registration.js'
export {
  addInvitationPage,
  invitationsPage,
  madeInvitationPage,
  withdrawInvitationPage,
  type AddInvitationView,
  type InvitationRow,
} from './admin/invitations.js'
export { helpPage, messagePage, type MessageView } from './message.js'
export type { MessageKey } from './words/help.js'
export { mailTrialPage, type MailTrialView } from './admin/mail.js'
export { peoplePage, type PeopleView, type PersonRow } from './admin/people.js'
export {
  deliveries,
  handedOverPage,
  type Delivery,
  type DeliveryView,
  type HandedOverView,
} from './admin/delivery.js'
export {
  actPage,
  addPersonPage,
  editPersonPage,
  personPage,
  type ActView,
  type EditPersonView,
  type PersonView,
} from './admin/person.js'
export {
  groupsPage,
  removeGroupPage,
  renameGroupPage,
  type GroupsView,
  type GroupView,
} from './admin/groups.js'
export { findingsPage } from './admin/findings.js'
export { provenWith, rulesPage, type ProvenWith, type RulesView } from './admin/rules.js'
export { rulesWords } from './words/rules.js'
export {
  applicationRefusalPage,
  consentPage,
  handOverPage,
  notForYouPage,
  signOutPage,
  type ApplicationRefusal,
  type ConsentView,
  type HandOverView,
  type NotForYouView,
  type SignOutView,
} from './applications.js'
export {
  addAddressPage,
  applicationPage,
  applicationsPage,
  keptDays,
  madeSecretPage,
  removeApplicationPage,
  rotateSecretPage,
  type AddAddressView,
  type ApplicationView,
  type ApplicationsView,
  type MadeSecretView,
} from './admin/applications.js'
export { addApplicationPage, editApplicationPage, type TypedApplication } from './admin/application-form.js'
export {
  idTaken as applicationIdTaken,
  problemWords as applicationProblemWords,
  remove as removeApplicationWords,
} from './words/admin-applications.js'
export { deviceAnsweredPage, deviceCodePage, devicePage, type ScreenView } from './device.js'
export { deviceWords } from './words/device.js'
export { trailPage, type TrailView } from './admin/activity.js'
export { trail as trailWords } from './words/admin.js'
export { acts, editProblems, groupWords, person as personWords, type Act } from './words/admin.js'
