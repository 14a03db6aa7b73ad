import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { SignedIn } from '../account/SignedIn';
import { unfinishedUploads } from '../api/queries';
import { t } from '../i18n';
import '../i18n/upload';
import { useTitle } from '../ui/useTitle';
import { FileChooser } from '../upload/FileChooser';
import { FoundRow } from '../upload/FoundRow';
import { useUploads } from '../upload/hooks';
import { uploads } from '../upload/store';
import { TaskRow } from '../upload/TaskRow';

/** What was under way before the page was opened, or on another device. */
function useUnfinished() {
  const { data } = useQuery({ ...unfinishedUploads(), refetchOnWindowFocus: false });
  useEffect(() => {
    if (data) void uploads.found(data.items.filter((upload) => upload.state === 'open'));
  }, [data]);
}

function Uploads() {
  useUnfinished();
  const items = useUploads();
  return (
    <div className="page page-narrow">
      <h1 className="page-title">{t('upload.heading')}</h1>
      <FileChooser />
      {items.length > 0 && (
        <ul className="uploads" aria-label={t('upload.list')}>
          {items.map((item) => (
            <li key={item.key}>
              {item.kind === 'task' ? <TaskRow item={item} /> : <FoundRow item={item} />}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function UploadPage() {
  useTitle(t('upload.title'));
  return (
    <SignedIn>
      <Uploads />
    </SignedIn>
  );
}
