import type { Endpoint } from './endpoints.js'
import * as schemas from './admin-schemas.js'

const look = { tag: 'Administration', caller: 'administrator', status: 200, problems: [] } as const
const change = { tag: 'Administration', caller: 'fresh-administrator', status: 200 } as const

/** Other people's accounts and groups: what there is at the pages below /admin, for programs. */
export const adminEndpoints = {
  people: {
    ...look,
    summary: 'List people by name, state and group',
    asked: schemas.peopleAsked,
    answer: schemas.people,
  },
  addPerson: {
    ...change,
    summary: 'Add an account, with a one-time link for its password',
    body: schemas.newPerson,
    status: 201,
    answer: schemas.addedPerson,
    problems: ['bad-person', 'name-taken', 'accounts-kept-elsewhere'],
  },
  person: { ...look, summary: 'Show one person', answer: schemas.personDetails },
  editPerson: {
    ...change,
    summary: 'Change names, address, rights, groups or end of an account',
    body: schemas.personEdit,
    answer: schemas.person,
    problems: ['bad-person', 'name-taken', 'last-administrator', 'accounts-kept-elsewhere'],
  },
  removePerson: {
    ...change,
    summary: 'Remove an account for good',
    status: 204,
    answer: null,
    problems: ['last-administrator'],
  },
  invitePerson: {
    ...change,
    summary: 'Make a new one-time link for a password',
    answer: schemas.link,
    problems: ['account-closed', 'accounts-kept-elsewhere'],
  },
  rescuePerson: {
    ...change,
    summary: 'Make a code that stands in for the second factor once',
    answer: schemas.rescueCode,
    problems: ['account-closed', 'no-second-factor', 'busy'],
  },
  resetSecondFactorOf: {
    ...change,
    summary: 'Remove every second factor and remembered device of an account',
    answer: schemas.person,
    problems: [],
  },
  disablePerson: {
    ...change,
    summary: 'Block an account and sign it out everywhere',
    answer: schemas.person,
    problems: ['last-administrator'],
  },
  enablePerson: {
    ...change,
    summary: 'Let a blocked account sign in again',
    answer: schemas.person,
    problems: [],
  },
  sessionsOfPerson: { ...look, summary: 'List where a person is signed in', answer: schemas.personSessions },
  endSessionsOfPerson: {
    ...change,
    summary: 'Sign a person out everywhere',
    answer: schemas.endedSessions,
    problems: [],
  },
  groups: { ...look, summary: 'List the groups', answer: schemas.groups },
  group: { ...look, summary: 'Show one group', answer: schemas.group },
  renameGroup: {
    ...change,
    summary: 'Give a group another name',
    body: schemas.groupRename,
    answer: schemas.group,
    problems: ['bad-name'],
  },
  removeGroup: { ...change, summary: 'Remove a group', status: 204, answer: null, problems: [] },
  invitations: {
    ...look,
    summary: 'List the invitations with which others make accounts',
    asked: schemas.invitationsAsked,
    answer: schemas.invitations,
  },
  addInvitation: {
    ...change,
    summary: 'Make an invitation, or one for each address',
    body: schemas.newInvitation,
    status: 201,
    answer: schemas.madeInvitations,
    problems: ['bad-invitation', 'accounts-kept-elsewhere'],
  },
  testMail: {
    ...change,
    summary: 'Send one mail to your own address, to see whether mails arrive',
    answer: schemas.testedMail,
    problems: ['no-mail-server', 'no-own-address', 'mail-failed'],
  },
  withdrawInvitation: {
    ...change,
    summary: 'Withdraw an invitation',
    status: 204,
    answer: null,
    problems: [],
  },
} as const satisfies Record<string, Endpoint>
