import { Link } from '@tanstack/react-router';
import type { Video } from '../api/types';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { stateText } from '../videos/progress';
import { useSentBytes } from '../videos/useSentBytes';

/** In the player's place until the film is planned. */
export function Waiting({ video: known }: { video: Video }) {
  const uploading = known.state === 'uploading';
  const video = useSentBytes(uploading)(known);
  const { uploaded_bytes: sent, size_bytes: size } = video.progress;
  return (
    <div className="stage-notice" role="status" data-waiting={video.state}>
      <span className="spinner" aria-hidden="true" />
      <p className="stage-notice-title">
        {t(uploading ? 'watch.waiting.uploading' : 'watch.waiting.processing')}
      </p>
      {uploading && sent != null && size != null && (
        <progress className="bar" aria-label={stateText(video)} max={size} value={sent} />
      )}
      <p>{t('watch.waiting.hint')}</p>
    </div>
  );
}

/** In the player's place when the film cannot be made. */
export function Failed({ video }: { video: Video }) {
  return (
    <div className="stage-notice" role="alert">
      <Icon name="alert" />
      <p className="stage-notice-title">{video.problem?.title ?? t('watch.failed')}</p>
      <p>{video.problem?.detail ?? t('error.hint.plain')}</p>
      <Link to="/upload" className="button">
        {t('watch.failed.upload')}
      </Link>
    </div>
  );
}
