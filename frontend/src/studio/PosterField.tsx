import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';

/** More pictures than this are not looked through. */
const MOST = 24;

/** Which of `count` pictures are shown, evenly spread, that which was chosen among them. */
export function offered(count: number, chosen: number | undefined): number[] {
  const shown = Math.min(count, MOST);
  const spread = Array.from({ length: shown }, (_, n) => Math.floor((n * count) / shown));
  const missing = chosen !== undefined && chosen < count && !spread.includes(chosen);
  return missing ? [...spread, chosen].sort((a, b) => a - b) : spread;
}

/** Pictures from a film, of which one is shown for it. */
export function PosterField({ video }: { video: Video }) {
  const chosen = video.poster ?? undefined;
  if (video.hover_urls.length === 0) return null;
  return (
    <fieldset className="edit-choices edit-pictures">
      <legend>{t('edit.poster')}</legend>
      <label className="edit-picture">
        <input type="radio" name="poster" value={-1} defaultChecked={chosen === undefined} />
        <span>{t('edit.poster.own')}</span>
      </label>
      {offered(video.hover_urls.length, chosen).map((index, n) => (
        <label key={index} className="edit-picture">
          <input
            type="radio"
            name="poster"
            value={index}
            defaultChecked={index === chosen}
            aria-label={t('edit.poster.picture', { number: n + 1 })}
          />
          <img src={video.hover_urls[index]} alt="" loading="lazy" />
        </label>
      ))}
    </fieldset>
  );
}
