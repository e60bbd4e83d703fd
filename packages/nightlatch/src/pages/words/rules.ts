import { plural } from './words.js'

export const rulesWords = {
  title: 'Rules',
  lead: 'What addresses ask of whoever wants them. The first rule that fits decides; they were read when the server started.',
  none: 'There is no rule: every address asks for the same.',
  elsewhere: 'The application guards its own pages, in its own code. What it asks for is not known here.',
  otherwise: 'Where no rule fits',
  everyHost: 'every host',
  everyPath: 'every path',
  everyMethod: 'every method',
  groups: 'for',
  opens: 'Opens',
  access: {
    public: 'for everybody',
    'one-factor': 'whoever is signed in',
    'two-factors': 'signed in with two factors',
    'phishing-resistant': 'signed in with a passkey',
    deny: 'nobody',
  },
  askTitle: 'What would happen?',
  who: 'Who',
  whoHint: 'A user name or email address, or nothing for somebody who is not signed in',
  proof: 'Signed in with',
  proofs: {
    'two-factors': 'two factors',
    passkey: 'a passkey',
    password: 'the password alone',
  },
  method: 'Method',
  url: 'Address',
  urlHint: 'Such as https://app.example.org/admin, or a path',
  ask: 'Ask',
  nobody: 'There is no account of that name',
  badUrl: 'Enter an address such as https://app.example.org/admin, or a path that begins with /',
  badMethod: 'Enter a method in capital letters, such as GET',
  outcomes: {
    public: 'It passes: the address is for everybody.',
    allowed: 'It passes.',
    'sign-in': 'It is sent to sign-in first.',
    'second-factor': 'It is asked for a second step first.',
    passkey: 'It is asked for a passkey first.',
    forbidden: 'It is refused.',
    unreadable: 'It is refused, because nobody can say for sure which path is meant.',
  },
  closed: 'The account is blocked, has ended or waits: it has no session.',
  because: (rules: readonly number[], byDefault: boolean): string => {
    const numbers = rules.map((one) => String(one + 1)).join(' and ')
    if (rules.length === 0) return 'No rule fits.'
    const said = rules.length === 1 ? `Rule ${numbers} says so` : `Rules ${numbers} say so together`
    return byDefault ? `${said}, with what counts where no rule fits.` : `${said}.`
  },
  count: (rules: number): string => plural(rules, 'rule'),
}
