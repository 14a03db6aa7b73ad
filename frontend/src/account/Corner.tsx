import { Link, useRouterState } from '@tanstack/react-router';
import { type FocusEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { User } from '../api/types';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { useSomebodyElse } from './user';

/** Where one was, unless that is where one signs in. */
function useHere(): string {
  const href = useRouterState({ select: (state) => state.location.href });
  return href.startsWith('/sign-') ? '/' : href;
}

function SignIn() {
  const to = useHere();
  return (
    <Link to="/sign-in" search={{ to }} className="button button-quiet">
      {t('account.sign-in')}
    </Link>
  );
}

/** What somebody who is signed in can do from everywhere. */
function Menu({ name, isAdmin }: { name: string; isAdmin: boolean }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const somebodyElse = useSomebodyElse();
  const [error, setError] = useState<string>();
  const signOut = async () => {
    setError(undefined);
    try {
      await unwrap(api.POST('/api/accounts/sign-out'));
      const memory = await import('../player/memory').catch(() => undefined);
      memory?.browserMemory().forgetFilms();
      await somebodyElse();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : t('error.title'));
    }
  };
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(() => setOpen(false), [path]);
  const leave = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    setOpen(false);
    button.current?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears what happens within
    <div className="account-menu" onBlur={leave} onKeyDown={onKey}>
      <button
        type="button"
        ref={button}
        className="button button-quiet account-menu-button"
        aria-expanded={open}
        aria-controls={id}
        aria-label={t('account.menu', { name })}
        onClick={() => setOpen(!open)}
      >
        <Icon name="person" />
        <span className="account-menu-name">{name}</span>
      </button>
      <ul className="account-menu-list" id={id} hidden={!open}>
        <li>
          <Link to="/account">{t('account.title')}</Link>
        </li>
        {isAdmin && (
          <li>
            <Link to="/admin">{t('account.admin')}</Link>
          </li>
        )}
        <li>
          <button type="button" onClick={() => void signOut()}>
            {t('account.sign-out')}
          </button>
          {error && <p role="alert">{error}</p>}
        </li>
      </ul>
    </div>
  );
}

/** Who is signed in, and what they can do from everywhere; or a way to sign in. */
export default function Corner({ user }: { user: User | null }) {
  return user ? <Menu name={user.display_name} isAdmin={user.role === 'admin'} /> : <SignIn />;
}
