import { useMutation, useQueryClient } from '@tanstack/react-query';
import { AccountForm } from '../account/AccountForm';
import { Field } from '../account/Field';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { watchKey } from '../api/queries';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';
import { keepUnlockKey } from './unlocking';

/** Asks for the password of a film. */
export function Locked({ id }: { id: string }) {
  useTitle(t('watch.locked'));
  const queries = useQueryClient();
  const unlock = useMutation({
    mutationFn: (password: string) =>
      unwrap(api.POST('/api/videos/{id}/unlock', { params: { path: { id } }, body: { password } })),
    onSuccess: ({ key }) => {
      keepUnlockKey(id, key);
      return queries.invalidateQueries({ queryKey: watchKey(id) });
    },
  });
  return (
    <div className="page page-form">
      <h1 className="page-title">{t('watch.locked')}</h1>
      <p>{t('watch.locked.hint')}</p>
      <AccountForm
        action={t('watch.locked.action')}
        busy={unlock.isPending}
        error={unlock.error}
        onSubmit={(values) => unlock.mutate(String(values.get('password')))}
      >
        <Field
          name="password"
          type="password"
          label={t('account.password')}
          autoComplete="off"
          required
        />
      </AccountForm>
    </div>
  );
}
