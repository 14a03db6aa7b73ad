import { type ReactNode, type SubmitEvent, useEffect, useRef } from 'react';
import { ApiError } from '../api/problem';
import { t } from '../i18n';
import '../i18n/account';

interface Props {
  /** What its button says. */
  action: string;
  busy: boolean;
  error: unknown;
  children?: ReactNode;
  onSubmit(values: FormData): void;
}

/** A few fields and one button; what went wrong is said between them, and read out. */
export function AccountForm({ action, busy, error, children, onSubmit }: Props) {
  const problem = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (error) problem.current?.focus();
  }, [error]);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A second click while the first is under way does nothing.
    if (!busy) onSubmit(new FormData(event.currentTarget));
  };
  return (
    <form className="account-form" onSubmit={submit}>
      {children}
      {Boolean(error) && (
        <p className="account-problem" role="alert" tabIndex={-1} ref={problem}>
          {error instanceof ApiError ? error.message : t('error.title')}
        </p>
      )}
      <button type="submit" className="button" aria-disabled={busy}>
        {action}
      </button>
    </form>
  );
}
