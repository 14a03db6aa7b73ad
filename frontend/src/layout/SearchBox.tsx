import { useNavigate, useRouterState } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { t } from '../i18n';
import { isTyping } from '../player/keys';
import { Icon } from '../ui/Icon';

const DEBOUNCE_MS = 150;

/** Searches while typing; the address always says what is shown. */
export function SearchBox() {
  const navigate = useNavigate();
  const onSearchPage = useRouterState({ select: (state) => state.location.pathname === '/search' });
  const inAddress = useRouterState({
    select: (state) => new URLSearchParams(state.location.searchStr).get('q') ?? '',
  });
  const shown = onSearchPage ? inAddress : '';
  const [text, setText] = useState(shown);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(shown);

  // Back, forward and links change the address: follow, unless it was our own doing.
  useEffect(() => {
    if (shown === sent.current) return;
    sent.current = shown;
    setText(shown);
  }, [shown]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      clearTimeout(timer.current);
    };
  }, []);

  const go = (query: string) => {
    clearTimeout(timer.current);
    const q = query.trim();
    if (q === sent.current || (q === '' && !onSearchPage)) return;
    sent.current = q;
    // One entry in the history for a whole search, not one for each letter.
    void navigate({ to: '/search', search: { q }, replace: onSearchPage });
  };
  const onInput = (query: string) => {
    setText(query);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => go(query), DEBOUNCE_MS);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    go(text);
  };

  return (
    <search className="search">
      <form onSubmit={onSubmit}>
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          name="q"
          aria-label={t('search.label')}
          aria-keyshortcuts="/"
          placeholder={t('search.placeholder')}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => onInput(event.currentTarget.value)}
        />
        <kbd className="search-key" aria-hidden="true">
          /
        </kbd>
      </form>
    </search>
  );
}
