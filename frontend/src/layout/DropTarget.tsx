import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { droppedFiles } from '../upload/dropped';

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

/** Files can be dropped anywhere, on any page. */
export function DropTarget() {
  const navigate = useNavigate();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const listening = new AbortController();
    const on = (name: 'dragover' | 'dragleave' | 'drop', act: (event: DragEvent) => void) =>
      window.addEventListener(name, act, { signal: listening.signal });
    on('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    });
    on('dragleave', (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    on('drop', (event) => {
      if (!event.dataTransfer || !carriesFiles(event)) return;
      event.preventDefault();
      setOver(false);
      void droppedFiles(event.dataTransfer).then(async (chosen) => {
        if (chosen.length === 0) return;
        // What cannot be loaded the page of uploads says.
        void navigate({ to: '/upload' });
        const store = await import('../upload/store').catch(() => undefined);
        store?.uploads.add(chosen);
      });
    });
    return () => listening.abort();
  }, [navigate]);
  if (!over) return null;
  return (
    <div className="drop-veil" aria-hidden="true">
      <Icon name="upload" />
      <p>{t('upload.drop.release')}</p>
    </div>
  );
}
