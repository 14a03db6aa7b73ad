import { useEffect, useRef } from 'react';
import { t } from '../../i18n';
import { KEY_HELP } from '../keys';

export function Help({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    // The beginning of the list is shown first, not its end, where the button is.
    title.current?.focus();
  }, []);
  return (
    <dialog ref={dialog} className="help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title" tabIndex={-1} ref={title}>
        {t('player.help')}
      </h2>
      <dl>
        {KEY_HELP.map(([text, keys]) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="button">
          {t('player.help.close')}
        </button>
      </form>
    </dialog>
  );
}
