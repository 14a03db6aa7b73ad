import { Link } from '@tanstack/react-router';
import type { Video } from '../api/types';
import { t } from '../i18n';

/** Whose film it is and what it is about: each leads to others of the kind. */
export function About({ video }: { video: Video }) {
  const { tags, owner, owner_name: name } = video;
  const shelf = (by: string, of: string) => ({ to: '/browse/$by/$name', params: { by, name: of } });
  return (
    <ul className="watch-about">
      {name && (
        <li>
          <Link {...shelf('owner', owner)}>{name}</Link>
        </li>
      )}
      {video.visibility !== 'public' && (
        <li className="watch-visibility">{t(`upload.visibility.${video.visibility}`)}</li>
      )}
      {tags.map((tag) => (
        <li key={tag}>
          <Link {...shelf('tag', tag)}>#{tag}</Link>
        </li>
      ))}
      {video.may.edit && (
        <li>
          <Link to="/studio/$id" params={{ id: video.video_id }}>
            {t('watch.edit')}
          </Link>
        </li>
      )}
    </ul>
  );
}
