import type { Operation } from './operations.js'

/** Other people's accounts and groups: for administrators with two factors. `:name` stands for the name of a group, the number of a token, or the id of an application. */
export const adminOperations = {
  /** People by name, state and group, a page at a time; a page beyond the end is empty. */
  people: { method: 'GET', path: '/admin/people' },
  /** Adds an account, and makes the one-time link with which its owner chooses a password. */
  addPerson: { method: 'POST', path: '/admin/people' },
  /** One person, with second factors and where they are signed in. */
  person: { method: 'GET', path: '/admin/people/:id' },
  /** Changes names, address, rights, groups or end: all of it or nothing. What is left out stays. */
  editPerson: { method: 'PATCH', path: '/admin/people/:id' },
  /** Removes the account and everything of it, for good. */
  removePerson: { method: 'DELETE', path: '/admin/people/:id' },
  /** A new one-time link for a password; earlier ones end, the second factor stays. */
  invitePerson: { method: 'POST', path: '/admin/people/:id/invite' },
  /** A code that stands in for the second factor once, within the hour, behind the password. */
  rescuePerson: { method: 'POST', path: '/admin/people/:id/rescue' },
  /** Removes every second factor and remembered device; the next sign-in sets up anew. */
  resetSecondFactorOf: { method: 'POST', path: '/admin/people/:id/reset-mfa' },
  /** Blocks the account and signs it out everywhere. */
  disablePerson: { method: 'POST', path: '/admin/people/:id/disable' },
  /** Lets a blocked account sign in again. */
  enablePerson: { method: 'POST', path: '/admin/people/:id/enable' },
  /** Where the person is signed in. */
  sessionsOfPerson: { method: 'GET', path: '/admin/people/:id/sessions' },
  /** Signs the person out everywhere. */
  endSessionsOfPerson: { method: 'DELETE', path: '/admin/people/:id/sessions' },
  /** Gives a person a hardware token from the drawer, by its number and two codes in a row. */
  giveToken: { method: 'POST', path: '/admin/people/:id/give-token' },
  /** Takes a token back into the drawer, and signs the person out everywhere. */
  takeToken: { method: 'POST', path: '/admin/people/:id/take-token' },
  /** Hardware tokens by their serial numbers, and who has each; never their secrets. */
  tokens: { method: 'GET', path: '/admin/tokens' },
  /** Puts hardware tokens into the drawer: all of them, or none. */
  addTokens: { method: 'POST', path: '/admin/tokens' },
  /** Removes a token of nobody's for good. */
  removeToken: { method: 'DELETE', path: '/admin/tokens/:name' },
  /** Every group, with how many people are in it. */
  groups: { method: 'GET', path: '/admin/groups' },
  /** One group. Its members: `people` with `group`. */
  group: { method: 'GET', path: '/admin/groups/:name' },
  /** Gives a group another name, for all its members; rules that name it have to follow. */
  renameGroup: { method: 'PATCH', path: '/admin/groups/:name' },
  /** Removes a group; its members stay. */
  removeGroup: { method: 'DELETE', path: '/admin/groups/:name' },
  /** Invitations with which others make accounts, newest first. */
  invitations: { method: 'GET', path: '/admin/invitations' },
  /** Makes an invitation, or one for each address that it is sent to. */
  addInvitation: { method: 'POST', path: '/admin/invitations' },
  /** The applications that sign people in here, by their ids; never a secret. */
  applications: { method: 'GET', path: '/admin/applications' },
  /** Registers an application. Its secret is in this one answer. */
  addApplication: { method: 'POST', path: '/admin/applications' },
  /** One application, by its id. */
  application: { method: 'GET', path: '/admin/applications/:name' },
  /** Exactly what an application will receive of a person, without a sign-in, and whether that person may use it. */
  receivedByApplication: { method: 'GET', path: '/admin/applications/:name/received' },
  /** Changes an application: all of it or nothing. What is left out stays. */
  editApplication: { method: 'PATCH', path: '/admin/applications/:name' },
  /** Removes an application; what it was given ends at once. */
  removeApplication: { method: 'DELETE', path: '/admin/applications/:name' },
  /** A new secret; the old one ends at once, or works beside it for a while. */
  rotateApplicationSecret: { method: 'POST', path: '/admin/applications/:name/rotate-secret' },
  /** Sends one mail to the caller's own address now, and says at which step it failed. */
  testMail: { method: 'POST', path: '/admin/mail/test' },
  /** Withdraws an invitation; accounts that it has made stay. */
  withdrawInvitation: { method: 'DELETE', path: '/admin/invitations/:id' },
} as const satisfies Record<string, Operation>
