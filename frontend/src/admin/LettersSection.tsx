import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { DeadLetter } from '../api/types';
import { t } from '../i18n';
import '../i18n/admin';
import { Problem } from '../ui/Problem';

const letters = () =>
  queryOptions({
    queryKey: ['admin', 'letters'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/admin/dead-letters', { signal })),
  });

interface RowProps {
  letter: DeadLetter;
  onReplay(): void;
  onDrop(): void;
}

function LetterRow({ letter, onReplay, onDrop }: RowProps) {
  const name = `${letter.group} ${letter.key}`;
  return (
    <li className="studio-row">
      <div className="studio-text">
        <p>
          <strong>{letter.group}</strong> {letter.key}
        </p>
        <p className="studio-facts">{t('admin.letter.attempts', { attempts: letter.attempts })}</p>
        <p className="studio-problem">{letter.reason}</p>
      </div>
      <div className="studio-actions">
        <button
          type="button"
          className="button button-quiet"
          aria-label={t('admin.letter.replay.name', { name })}
          onClick={onReplay}
        >
          {t('admin.letter.replay')}
        </button>
        <button
          type="button"
          className="button button-quiet"
          aria-label={t('admin.letter.drop.name', { name })}
          onClick={onDrop}
        >
          {t('admin.letter.drop')}
        </button>
      </div>
    </li>
  );
}

/** Messages that services gave up on: sent again when the reason is mended, or dropped. */
export function LettersSection() {
  const id = useId();
  const queries = useQueryClient();
  const list = useQuery(letters());
  const found = list.data?.items ?? [];
  const act = useMutation({
    mutationFn: ({ letter, again }: { letter: DeadLetter; again: boolean }) => {
      const params = { path: { id: String(letter.id) } };
      return unwrap(
        again
          ? api.POST('/api/admin/dead-letters/{id}/replay', { params })
          : api.DELETE('/api/admin/dead-letters/{id}', { params }),
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['admin', 'letters'] }),
  });
  return (
    <section className="account-section admin-section" aria-labelledby={id}>
      <h2 id={id}>{t('admin.letters')}</h2>
      {list.error && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {act.error && (
        <p className="account-problem" role="alert">
          {act.error.message}
        </p>
      )}
      <p role="status">{list.isSuccess && found.length === 0 && t('admin.letters.none')}</p>
      <ul className="studio-list admin-list">
        {found.map((letter) => (
          <LetterRow
            key={letter.id}
            letter={letter}
            onReplay={() => act.mutate({ letter, again: true })}
            onDrop={() => act.mutate({ letter, again: false })}
          />
        ))}
      </ul>
    </section>
  );
}
