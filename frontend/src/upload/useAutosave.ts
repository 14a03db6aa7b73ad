import { useEffect, useRef, useState } from 'react';
import { api } from '../api/client';
import { ApiError, unwrap } from '../api/problem';
import { t } from '../i18n';
import type { Details } from './task';

export type SaveStatus =
  | { kind: 'idle' }
  | { kind: 'saving' }
  | { kind: 'saved' }
  | { kind: 'failed'; reason: string };

const DEBOUNCE_MS = 600;
const ATTEMPTS = 5;
const AGAIN_MS = 800;

/** The catalogue hears of an upload a moment after it began: 404 may just mean "not yet". */
async function save(id: string, body: Partial<Details>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await unwrap(api.PATCH('/api/videos/{id}', { params: { path: { id } }, body }));
      return;
    } catch (error) {
      const passing = error instanceof ApiError && (error.status === 404 || error.status >= 500);
      if (!passing || attempt >= ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * attempt));
    }
  }
}

/** Saves what changed a moment after the last key, one request after the other. */
export function useAutosave(id: string, initial: Details, onChange: (details: Details) => void) {
  const [values, setValues] = useState<Details>(() => ({
    title: initial.title,
    description: initial.description,
  }));
  const [status, setStatus] = useState<SaveStatus>({ kind: 'idle' });
  const pending = useRef<Partial<Details>>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const chain = useRef(Promise.resolve());

  const flush = () => {
    clearTimeout(timer.current);
    const body = pending.current;
    pending.current = {};
    if (Object.keys(body).length === 0) return;
    chain.current = chain.current
      .then(() => save(id, body))
      .then(
        () => {
          if (Object.keys(pending.current).length === 0) setStatus({ kind: 'saved' });
        },
        (error: unknown) => {
          const reason = error instanceof ApiError ? error.message : t('error.title');
          setStatus({ kind: 'failed', reason });
        },
      );
  };
  const latestFlush = useRef(flush);
  useEffect(() => {
    latestFlush.current = flush;
  });
  // What was typed last is saved even when the page is left at once.
  useEffect(() => () => latestFlush.current(), []);

  const change = (part: Partial<Details>) => {
    const next = { ...values, ...part };
    setValues(next);
    onChange(next);
    pending.current = { ...pending.current, ...part };
    setStatus({ kind: 'saving' });
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latestFlush.current(), DEBOUNCE_MS);
  };
  return { values, status, change };
}
