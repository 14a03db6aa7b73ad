import { useEffect, useState } from 'react';
import { t } from '../i18n';
import '../i18n/upload';
import { useUploads } from '../upload/hooks';
import { uploads } from '../upload/store';

/** Says aloud, on whatever page, that an upload ended; and has those go on that lost the connection. */
export default function UploadAnnouncer() {
  const items = useUploads();
  useEffect(() => {
    const back = () => uploads.retryNetworkFailures();
    window.addEventListener('online', back);
    return () => window.removeEventListener('online', back);
  }, []);
  const [text, setText] = useState('');
  useEffect(() => {
    const stops = items.map((item) => {
      if (item.kind !== 'task') return () => undefined;
      const { task } = item;
      let before = task.state.phase;
      return task.subscribe(() => {
        const { phase, failure } = task.state;
        if (phase === before) return;
        before = phase;
        const name = task.file.name;
        if (phase === 'stored') setText(t('upload.announce.stored', { name }));
        if (phase === 'failed') {
          setText(t('upload.announce.failed', { name, reason: failure?.text ?? '' }));
        }
      });
    });
    return () => {
      for (const stop of stops) stop();
    };
  }, [items]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {text}
    </div>
  );
}
