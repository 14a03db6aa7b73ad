import { add } from './index';

/** What only the pages for admins say. */
export const admin = {
  'admin.title': 'Admin',
  'admin.only': 'This is for admins',
  'admin.only.hint': 'Ask one of them.',
  'admin.users': 'Users',
  'admin.users.search': 'Search users',
  'admin.users.none': 'Nobody is called so.',
  'admin.user.role': 'Role of {name}',
  'admin.user.since': 'since {age}',
  'admin.user.suspended': 'Suspended',
  'admin.user.suspend': 'Suspend',
  'admin.user.suspend.name': 'Suspend {name}',
  'admin.user.reinstate': 'Let back in',
  'admin.user.reinstate.name': 'Let back in {name}',
  'admin.user.sign-out': 'Sign out',
  'admin.user.sign-out.name': 'Sign out {name} everywhere',
  'admin.user.signed-out': '{name} is signed out everywhere.',
  'admin.invite': 'Invite somebody',
  'admin.invite.role': 'What they become',
  'admin.invite.email': 'E-mail address, if it is to be mailed',
  'admin.invite.action': 'Make a link',
  'admin.invite.made': 'Whoever has this link can sign up once, within a week:',
  'admin.audit': 'What was done',
  'admin.audit.list': 'Entries, the newest first',
  'admin.audit.user': 'User id, of who did it or to whom',
  'admin.audit.none': 'Nothing is noted.',
  'admin.audit.at': 'When',
  'admin.audit.actor': 'Who',
  'admin.audit.stranger': 'a stranger',
  'admin.audit.action': 'What',
  'admin.audit.subject': 'To whom or what',
  'admin.audit.address': 'From where',
} as const;

add(admin);
