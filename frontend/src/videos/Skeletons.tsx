import { t } from '../i18n';

const SLOTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** The grid before it is known, in the same measures, so that nothing jumps. */
export function Skeletons() {
  return (
    <div className="grid" role="status" aria-label={t('list.loading')}>
      {SLOTS.map((slot) => (
        <div key={slot} className="card skeleton" aria-hidden="true">
          <span className="card-picture" />
          <span className="skeleton-line" />
          <span className="skeleton-line skeleton-short" />
        </div>
      ))}
    </div>
  );
}
