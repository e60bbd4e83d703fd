import type { Meaning } from './problems.js'

/** Where administrators look after people: a part of the one table in problems.ts. */
export const adminProblems = {
  'last-administrator': {
    status: 409,
    title: 'This is the last administrator who can sign in',
    help: 'Make somebody else an administrator first.',
    guide: 'guides/people-and-groups.md',
  },
  'account-closed': {
    status: 409,
    title: 'The account is blocked or has ended',
    help: 'Nothing would let anybody in: open it first.',
    guide: 'guides/people-and-groups.md',
  },
  'accounts-kept-elsewhere': {
    status: 409,
    title: 'Names, addresses and groups are not kept here',
    help: 'The application keeps them: change them there.',
    guide: 'guides/inside-your-application.md',
  },
  'token-in-use': {
    status: 409,
    title: 'Somebody has this hardware token',
    help: 'Take it back first.',
    guide: 'guides/hardware-tokens.md',
  },
  'bad-token': {
    status: 422,
    title: 'A hardware token cannot be so',
    help: '`reason`: `bad-serial`, `same-serial-twice`, `serial-taken`, `bad-secret` or `bad-algorithm`; `errors` names each. Nothing was added.',
    guide: 'guides/hardware-tokens.md',
  },
  'no-application-secret': {
    status: 409,
    title: 'The application keeps no secret',
    help: 'It is public: it runs in a browser or on a phone, and proves itself with PKCE.',
    guide: 'guides/applications.md',
  },
  'bad-application': {
    status: 422,
    title: 'An application cannot be so',
    help: '`reason`: `bad-name`, `bad-id`, `id-taken`, `bad-secret`, `public-secret`, `no-redirect` or `bad-group`, or of an address `not-an-address`, `fragment`, `wildcard`, `scheme` or `private-scheme`; `errors` names the member.',
    guide: 'guides/applications.md',
  },
  'awaiting-approval': {
    status: 403,
    title: 'The account waits for an administrator',
    help: 'The password is right; whoever registered has to be let in first: `nightlatch user enable NAME`, or the page of the person.',
    guide: 'guides/invitations.md',
  },
  'invitation-needed': {
    status: 403,
    title: 'An invitation is needed to make an account',
    help: 'The page `/register` was opened without its link.',
    page: 'invitation-needed',
    guide: 'guides/invitations.md',
  },
  'bad-invitation': {
    status: 422,
    title: 'An invitation cannot be so',
    help: '`reason`: `bad-group`, `too-many-groups`, `bad-uses`, `bad-end`, `bad-domain`, `bad-email`, or `no-mail` where no mail server is set up.',
    guide: 'guides/invitations.md',
  },
  'no-mail-server': {
    status: 409,
    title: 'There is no mail server',
    help: 'Set `NIGHTLATCH_SMTP_URL` and `NIGHTLATCH_MAIL_FROM`, and start the server again.',
    guide: 'guides/mail.md',
  },
  'no-own-address': {
    status: 409,
    title: 'Your account has no email address',
    help: 'The mail goes to whoever asks for it: give yourself an address first.',
    guide: 'guides/mail.md',
  },
  'mail-failed': {
    status: 502,
    title: 'The mail was not sent',
    help: '`stage` is the step that failed (`connection`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL FROM`, `RCPT TO`, `DATA`, or null), `reason` says why.',
    guide: 'guides/mail.md',
  },
  'bad-person': {
    status: 422,
    title: 'An account cannot be so',
    help: '`reason`: `bad-username`, `bad-email`, `bad-name`, `bad-group`, `too-many-groups`, `bad-end`, or `no-email` where something needs an address; `errors` names the member.',
    guide: 'guides/people-and-groups.md',
  },
  'name-taken': {
    status: 422,
    title: 'The user name or email address is taken',
    help: 'Somebody has it, or has given it up less than 30 days ago. It is not said who.',
    guide: 'guides/people-and-groups.md',
  },
} as const satisfies Record<string, Meaning>
