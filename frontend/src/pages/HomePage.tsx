import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense } from 'react';
import { useUser } from '../account/user';
import { latestVideos } from '../api/queries';
import { t } from '../i18n';
import { extra } from '../ui/extra';
import { Icon } from '../ui/Icon';
import { useTitle } from '../ui/useTitle';
import { FilmGrid } from '../videos/FilmGrid';
import { OwnStrip } from '../videos/OwnStrip';

const Continue = extra(() => import('../videos/Continue'));

export function HomePage() {
  useTitle(t('home.title'));
  const list = useInfiniteQuery({ ...latestVideos(), refetchInterval: 15_000 });
  return (
    <div className="page">
      <Suspense>
        <Continue key={useUser()?.user_id} />
      </Suspense>
      <OwnStrip />
      <h1 className="page-title">{t('home.heading')}</h1>
      <FilmGrid list={list} empty={<Empty />} />
    </div>
  );
}

function Empty() {
  return (
    <div className="notice">
      <Icon name="film" />
      <h2>{t('home.empty.title')}</h2>
      <p>{t('home.empty.hint')}</p>
      <Link to="/upload" className="button">
        {t('home.empty.action')}
      </Link>
    </div>
  );
}
