/** The words of the help page and of the pages that stand in the way of nothing to show. */

export interface HelpTopic {
  readonly id: string
  readonly title: string
  readonly text: readonly string[]
  readonly list?: readonly string[]
  /** The list is a way to go, step by step. */
  readonly inOrder?: boolean
}

export const help = {
  title: 'Help with signing in',
  onThisPage: 'On this page',
  toSignIn: 'Go to sign-in',
  toAccount: 'Go to your account',
  contactTitle: 'Ask somebody',
  whoRunsIt: 'The person who runs this site:',
  contact: 'The person who runs this site can reset your second step. Nobody else can.',
  topics: [
    {
      id: 'cannot-sign-in',
      title: 'I cannot sign in',
      text: ['Signing in takes your username, your password and a code from your app.'],
      list: [
        'Check the username. Your email address works too, if this site knows it.',
        'Check the password: capital letters and spaces count.',
        'If you have forgotten the password, choose “I have forgotten my password” on the sign-in page. If that is not there, ask the person who runs this site for a new invitation link.',
        'If the password is right and the code is not, or you have no phone, look below.',
      ],
    },
    {
      id: 'wrong-code',
      title: 'My code is not right',
      text: ['Codes change every 30 seconds, and each one works once.'],
      list: [
        'Wait for the next code, then enter it.',
        "Set your phone's time to automatic. Codes fail when its clock is wrong.",
        'Check that you use the entry with the name of this site. After a new setup, the older entry no longer works.',
        'After several wrong codes you have to wait. The page tells you until when.',
      ],
    },
    {
      id: 'lost-phone',
      title: 'I have lost my phone',
      text: ['Use one of the recovery codes that you saved when you set up your app.'],
      list: [
        'Sign in with your username and password.',
        'Below the code box, choose “Use a recovery code” and enter one of them.',
        'Choose “Set up my new phone” within ten minutes. It takes the place of the lost one, whose codes stop working.',
        'Make new recovery codes on your account page if you have few left.',
      ],
      inOrder: true,
    },
    {
      id: 'no-codes',
      title: 'I have no recovery codes',
      text: [
        'Look in your password manager, among your downloads and your printed papers. The file name contains “recovery-codes”.',
        'If you find none, ask the person who runs this site to reset your second step. You set it up anew at your next sign-in.',
      ],
    },
    {
      id: 'new-phone',
      title: 'I have a new phone',
      text: ['While you still have the old one:'],
      list: [
        'Sign in and open “Manage your account”.',
        'Choose “Change phone” and scan the QR code with the new phone.',
        'Enter the code that the new phone shows. The old one then stops working.',
      ],
      inOrder: true,
    },
    {
      id: 'password',
      title: 'I have forgotten my password',
      text: [
        'Choose “I have forgotten my password” on the sign-in page: a link comes by mail, and you need your second step for it as well.',
        'If that is not there, or you have no email address here, ask the person who runs this site for a new invitation link.',
      ],
    },
    {
      id: 'apps',
      title: 'Which apps work?',
      text: [
        'Any authenticator app: Aegis, 2FAS, Ente Auth, FreeOTP, Google Authenticator, Microsoft Authenticator and others.',
        'Password managers such as Bitwarden, KeePassXC and 1Password can do it too, and so can the password apps that come with newer phones and computers.',
      ],
    },
  ] satisfies readonly HelpTopic[],
}

export interface MessageWords {
  readonly title: string
  readonly text: string
  readonly next: 'home' | 'sign-in'
}

/** One calm sentence for each thing that can stand in the way, and one next step. */
export const messages = {
  'bad-request': {
    title: 'We could not read that',
    text: 'The form arrived damaged. Open the page again and send it once more.',
    next: 'home',
  },
  'invitation-needed': {
    title: 'You need an invitation',
    text: 'Accounts are made with a link. Ask the person who runs this site for one.',
    next: 'sign-in',
  },
  'registration-used-up': {
    title: 'This invitation is used up',
    text: 'All the accounts that it was for have been made. Ask the person who runs this site for another one.',
    next: 'sign-in',
  },
  'registration-withdrawn': {
    title: 'This invitation was withdrawn',
    text: 'Its link does not work any more. Ask the person who runs this site for another one.',
    next: 'sign-in',
  },
  'registration-expired': {
    title: 'This link has expired',
    text: 'It was good for a while only, or was not copied whole. Ask the person who runs this site for another one.',
    next: 'sign-in',
  },
  'registration-known': {
    title: 'You have an account already',
    text: 'There is an account with your email address. Sign in with the address and your password.',
    next: 'sign-in',
  },
  'no-access': {
    title: 'You do not have access to this page',
    text: 'If you think you should have it, ask the person who runs this site.',
    next: 'home',
  },
  'other-site': {
    title: 'That came from another site',
    text: 'To keep you safe, we did nothing. Open the page here and try again.',
    next: 'home',
  },
  'other-address': {
    title: 'This is not the address of this site',
    text: 'To keep you safe, we did nothing: forms work only at the address that this site was set up with. Open it there and try again.',
    next: 'home',
  },
  'other-address-loopback': {
    title: 'This site cannot be used from here',
    text: 'To keep you safe, we did nothing: this site was set up for the machine that it runs on. Open the address below on that machine. For phones and other machines, the person who runs this site has to give it an https address as its origin.',
    next: 'home',
  },
  'mail-link-expired': {
    title: 'This link does not work any more',
    text: 'It was used, a newer one was sent, or its time is over. Ask for a new one.',
    next: 'sign-in',
  },
  'not-found': {
    title: 'There is no such page',
    text: 'Check the address, or start from the first page.',
    next: 'home',
  },
  'wrong-method': {
    title: 'That address cannot do this',
    text: 'Open the page again and use the form on it.',
    next: 'home',
  },
  'too-large': {
    title: 'That was too long',
    text: 'Go back, make it shorter and send it again.',
    next: 'home',
  },
  'headers-too-large': {
    title: 'Your browser sent too much',
    text: 'Either the address is very long, or cookies have piled up. Delete the cookies of this site in your browser, and try again. For the person who runs this site:',
    next: 'home',
  },
  'wrong-type': {
    title: 'We could not use that',
    text: 'It was not sent by the form on the page. Open the page and use its form.',
    next: 'home',
  },
  broken: {
    title: 'Something went wrong here',
    text: 'It is not your fault, and nobody was let in. Try again in a minute.',
    next: 'home',
  },
  busy: {
    title: 'Everybody is signing in just now',
    text: 'Nothing was done and nothing was counted. Go back, wait a few seconds and send it again.',
    next: 'home',
  },
  unavailable: {
    title: 'We cannot answer just now',
    text: 'The service is starting or under repair. Try again in a minute.',
    next: 'home',
  },
  'sign-in-loop': {
    title: 'You are going round in a circle',
    text: 'You are signed in here, but the page that you want does not see it. Tell the person who runs this site:',
    next: 'home',
  },
  'application-down': {
    title: 'The application does not answer',
    text: 'You are signed in, but the application behind this page is not running just now. Try again in a minute.',
    next: 'home',
  },
  'application-slow': {
    title: 'The application took too long',
    text: 'You are signed in, but the application behind this page did not answer in time. Try again in a minute.',
    next: 'home',
  },
  'application-request-over': {
    title: 'This request is over',
    text: 'It took longer than 15 minutes, or the application is gone. Go back to the application and begin again.',
    next: 'home',
  },
  'first-link-expired': {
    title: 'This first link has been used or is too old',
    text: 'The link that creates the first account works once, and for an hour. Start the server again: every start prints a new one.',
    next: 'sign-in',
  },
  'invitation-expired': {
    title: 'This link has been used or is too old',
    text: 'Each link works once. Ask the person who runs this site for a new one.',
    next: 'sign-in',
  },
} satisfies Record<string, MessageWords>

export type MessageKey = keyof typeof messages

export const messageWords = {
  home: 'Go to the first page',
  signIn: 'Go to sign-in',
  reference: 'If it happens again, give this reference to the person who runs this site:',
}
