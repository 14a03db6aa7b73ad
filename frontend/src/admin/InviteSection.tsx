import { useMutation } from '@tanstack/react-query';
import { useId } from 'react';
import { AccountForm } from '../account/AccountForm';
import { Field } from '../account/Field';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Role } from '../api/types';
import { t } from '../i18n';
import '../i18n/admin';
import { ROLES } from './UsersSection';

/** A link by which somebody signs up, whatever the registration. */
export function InviteSection() {
  const id = useId();
  const invite = useMutation({
    mutationFn: ({ role, email }: { role: Role; email: string }) =>
      unwrap(api.POST('/api/admin/invitations', { body: { role, ...(email ? { email } : {}) } })),
  });
  const submit = (form: FormData) =>
    invite.mutate({
      role: String(form.get('role')) as Role,
      email: String(form.get('email')).trim(),
    });
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{t('admin.invite')}</h2>
      <AccountForm
        action={t('admin.invite.action')}
        busy={invite.isPending}
        error={invite.error}
        onSubmit={submit}
      >
        <div className="field">
          <label htmlFor={`${id}-role`}>{t('admin.invite.role')}</label>
          <select id={`${id}-role`} name="role" defaultValue="uploader">
            {ROLES.map((role) => (
              <option key={role} value={role}>
                {t(`account.role.${role}`)}
              </option>
            ))}
          </select>
        </div>
        <Field name="email" type="email" label={t('admin.invite.email')} maxLength={254} />
      </AccountForm>
      {invite.data && (
        <p className="account-secret" role="status">
          {t('admin.invite.made')} <code>{new URL(invite.data.path, location.origin).href}</code>
        </p>
      )}
    </section>
  );
}
