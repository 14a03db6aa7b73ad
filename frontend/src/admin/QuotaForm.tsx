import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { AccountForm } from '../account/AccountForm';
import { Field } from '../account/Field';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { ManagedUser, Quota } from '../api/types';
import { t } from '../i18n';
import '../i18n/admin';
import { bytes } from '../lib/format';
import { Problem } from '../ui/Problem';

const GB = 1_000_000_000;
const MINUTE = 60;

const quotaOf = (user: string) =>
  queryOptions({
    queryKey: ['admin', 'quota', user],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/admin/quotas/{user}', { params: { path: { user } }, signal })),
  });

/** What is typed, in the API's units; no limit where nothing is. */
function quotaFrom(form: FormData): Quota {
  const limit = (name: keyof Quota, unit: number) => {
    const text = String(form.get(name) ?? '').trim();
    return text === '' ? null : Math.round(Number(text) * unit);
  };
  return {
    storage_bytes: limit('storage_bytes', GB),
    daily_bytes: limit('daily_bytes', GB),
    film_s: limit('film_s', MINUTE),
  };
}

const shown = (value: number | null | undefined, unit: number) =>
  value == null ? '' : String(value / unit);

/** How much a user may upload, and has. */
export function QuotaForm({ user }: { user: ManagedUser }) {
  const queries = useQueryClient();
  const options = quotaOf(user.user_id);
  const current = useQuery(options);
  const params = { path: { user: user.user_id } };
  const refresh = () => queries.invalidateQueries({ queryKey: options.queryKey });
  const save = useMutation({
    mutationFn: (body: Quota) => unwrap(api.PUT('/api/admin/quotas/{user}', { params, body })),
    onSettled: refresh,
  });
  const reset = useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/admin/quotas/{user}', { params })),
    onSettled: refresh,
  });
  if (current.error)
    return <Problem error={current.error} onRetry={() => void current.refetch()} />;
  if (!current.data) return null;
  const { quota, stored_bytes, day_bytes } = current.data;
  return (
    <div className="admin-quota">
      <p>{t('admin.quota.used', { stored: bytes(stored_bytes), day: bytes(day_bytes) })}</p>
      <AccountForm
        // What was saved is what is shown.
        key={JSON.stringify(quota)}
        action={t('admin.quota.save')}
        busy={save.isPending}
        error={save.error ?? reset.error}
        onSubmit={(form) => save.mutate(quotaFrom(form))}
      >
        <Field
          name="storage_bytes"
          type="number"
          min={0}
          step="any"
          label={t('admin.quota.storage')}
          hint={t('admin.quota.hint')}
          defaultValue={shown(quota.storage_bytes, GB)}
        />
        <Field
          name="daily_bytes"
          type="number"
          min={0}
          step="any"
          label={t('admin.quota.daily')}
          defaultValue={shown(quota.daily_bytes, GB)}
        />
        <Field
          name="film_s"
          type="number"
          min={1}
          step="any"
          label={t('admin.quota.film')}
          defaultValue={shown(quota.film_s, MINUTE)}
        />
      </AccountForm>
      <button type="button" className="button button-quiet" onClick={() => reset.mutate()}>
        {t('admin.quota.reset')}
      </button>
      <p role="status">{(save.isSuccess || reset.isSuccess) && t('admin.quota.saved')}</p>
    </div>
  );
}
