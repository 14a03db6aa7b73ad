import { useRef, useState } from 'react';
import { t } from '../i18n';
import { bytes, percent } from '../lib/format';
import { canPickHandles, pickFiles } from './handles';
import { storedBytes } from './parts';
import { type UploadItem, uploads } from './store';

/** An upload that the server remembers and that needs its file again. */
export function FoundRow({ item }: { item: Extract<UploadItem, { kind: 'found' }> }) {
  const { upload, reopenable } = item;
  const input = useRef<HTMLInputElement>(null);
  const [canReopen, setCanReopen] = useState(reopenable);
  const name = upload.title || upload.file_name;
  const stored = storedBytes(upload);

  const choose = async () => {
    if (!canPickHandles()) return input.current?.click();
    const [chosen] = await pickFiles(false);
    if (chosen) uploads.resume(upload, chosen);
  };
  const reopen = async () => {
    if (!(await uploads.reopen(upload))) setCanReopen(false);
  };

  return (
    <article className="upload" data-upload={upload.upload_id} data-phase="needs-file">
      <header className="upload-head">
        <h2 className="upload-name">{name}</h2>
        <p className="upload-facts">{upload.file_name}</p>
      </header>
      <progress
        className="bar"
        aria-label={t('upload.progress', { name })}
        max={upload.size_bytes}
        value={stored}
      />
      <p>
        {t('upload.resume.found', {
          stored: percent(stored, upload.size_bytes),
          size: bytes(upload.size_bytes),
        })}{' '}
        {!canReopen && t('upload.resume.hint')}
      </p>
      <div className="upload-actions">
        {canReopen ? (
          <button
            type="button"
            className="button"
            aria-label={t('upload.resume.name', { name })}
            onClick={() => void reopen()}
          >
            {t('upload.resume')}
          </button>
        ) : (
          <button type="button" className="button" onClick={() => void choose()}>
            {t('upload.resume.choose')}
          </button>
        )}
        <input
          ref={input}
          type="file"
          hidden
          data-resume-input={upload.upload_id}
          aria-label={t('upload.resume.choose')}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) uploads.resume(upload, { file });
          }}
        />
        <button
          type="button"
          className="button button-quiet"
          aria-label={t('upload.cancel.name', { name })}
          onClick={() => void uploads.cancel(item)}
        >
          {t('upload.cancel')}
        </button>
      </div>
    </article>
  );
}
