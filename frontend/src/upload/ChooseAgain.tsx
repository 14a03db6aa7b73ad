import { useRef } from 'react';
import type { Upload } from '../api/types';
import { t } from '../i18n';
import '../i18n/upload';
import { type Chosen, canPickHandles, pickFiles } from './handles';

/** Browsers do not reopen files by themselves: the person chooses it once more. */
export function ChooseAgain({
  upload,
  onChoose,
}: {
  upload: Upload;
  onChoose(chosen: Chosen): void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const choose = async () => {
    if (!canPickHandles()) return input.current?.click();
    const [chosen] = await pickFiles(false);
    if (chosen) onChoose(chosen);
  };
  return (
    <>
      <button type="button" className="button" onClick={() => void choose()}>
        {t('upload.resume.choose')}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        data-resume-input={upload.upload_id}
        aria-label={t('upload.resume.choose')}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          if (file) onChoose({ file });
        }}
      />
    </>
  );
}
