import { useRef } from 'react';
import { t } from '../i18n';
import '../i18n/upload';
import { Icon } from '../ui/Icon';
import { canPickHandles, pickFiles } from './handles';
import { uploads } from './store';

/** The place to drop files on, and the button for those who do not drag. */
export function FileChooser() {
  const input = useRef<HTMLInputElement>(null);
  const choose = async () => {
    // The newer picker also lets the page reopen the file after a refresh.
    if (canPickHandles()) uploads.add(await pickFiles(true));
    else input.current?.click();
  };
  return (
    <section className="chooser" aria-label={t('upload.drop.title')}>
      <Icon name="upload" />
      <p className="chooser-title">{t('upload.drop.title')}</p>
      <p className="chooser-hint">{t('upload.drop.hint')}</p>
      <button type="button" className="button" onClick={() => void choose()}>
        {t('upload.drop.choose')}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-upload-input=""
        aria-label={t('upload.drop.input')}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          uploads.add(files.map((file) => ({ file })));
        }}
      />
      <p className="chooser-note">{t('upload.drop.note')}</p>
    </section>
  );
}
