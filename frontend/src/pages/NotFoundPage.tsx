import { Link } from '@tanstack/react-router';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { useTitle } from '../ui/useTitle';

interface Props {
  title?: string;
  hint?: string;
}

export function NotFoundPage({ title = t('notfound.title'), hint = t('notfound.hint') }: Props) {
  useTitle(title);
  return (
    <div className="notice">
      <Icon name="film" />
      <h1>{title}</h1>
      <p>{hint}</p>
      <Link to="/" className="button">
        {t('error.home')}
      </Link>
    </div>
  );
}
