import { useState } from 'react';
import { t } from '../i18n';
import '../i18n/upload';
import { bytes, percent } from '../lib/format';
import { Icon } from '../ui/Icon';
import { ChooseAgain } from './ChooseAgain';
import { otherFile } from './failure';
import type { Chosen } from './handles';
import { storedBytes } from './parts';
import { type UploadItem, uploads } from './store';

/** An upload that the server remembers and that needs its file again. */
export function FoundRow({ item }: { item: Extract<UploadItem, { kind: 'found' }> }) {
  const { upload, reopenable } = item;
  const [refused, setRefused] = useState(false);
  const [problem, setProblem] = useState('');
  const canReopen = reopenable && !refused;
  const name = upload.title || upload.file_name;
  const stored = storedBytes(upload);

  const resume = (chosen: Chosen) => {
    if (chosen.file.size === upload.size_bytes) uploads.resume(upload, chosen);
    else setProblem(otherFile(upload.file_name, bytes(upload.size_bytes)).message);
  };
  const reopen = async () => {
    if (!(await uploads.reopen(upload))) setRefused(true);
  };

  return (
    <article
      className="upload"
      aria-label={upload.file_name}
      data-upload={upload.upload_id}
      data-video={upload.video_id}
      data-phase="needs-file"
    >
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
      <p className="upload-phase">
        {t('upload.resume.found', {
          stored: percent(stored, upload.size_bytes),
          size: bytes(upload.size_bytes),
        })}{' '}
        {!canReopen && t('upload.resume.hint')}
      </p>
      {problem && (
        <p className="upload-problem" role="alert">
          <Icon name="alert" />
          <span>{problem}</span>
        </p>
      )}
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
          <ChooseAgain upload={upload} onChoose={resume} />
        )}
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
