import type { Video } from '../api/types';
import { t } from '../i18n';
import { percent } from '../lib/format';

export function preparedPercent({ progress, complete }: Video): string {
  if (complete) return percent(1, 1);
  // Rounding must not say 100 % before the server does.
  const share = progress.segments_total > 0 ? progress.segments_done / progress.segments_total : 0;
  return percent(Math.min(share, 0.99), 1);
}

/** The state of a film in a few words. */
export function stateText(video: Video): string {
  const { state, progress } = video;
  if (state === 'uploading' && progress.uploaded_bytes != null && progress.size_bytes) {
    const share = Math.min(0.99, progress.uploaded_bytes / progress.size_bytes);
    return t('state.uploading.percent', { percent: percent(share, 1) });
  }
  if (state === 'processing' && progress.segments_total > 0) {
    return t('state.processing.percent', { percent: preparedPercent(video) });
  }
  if (state === 'live' && !video.complete) {
    return t('state.live.partly', { percent: preparedPercent(video) });
  }
  if (state === 'playable') return t('state.playable', { percent: preparedPercent(video) });
  return t(`state.${state}`);
}
