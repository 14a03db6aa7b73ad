import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { SignedIn } from '../account/SignedIn';
import { ApiError } from '../api/problem';
import type { EditVideo } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { EditForm } from '../studio/EditForm';
import { type Edited, editedKey, editedVideo, saveVideo } from '../studio/queries';
import { ReplaceFile } from '../studio/ReplaceFile';
import { Problem } from '../ui/Problem';
import { useTitle } from '../ui/useTitle';
import { NotFoundPage } from './NotFoundPage';
import '../styles/studio.css';

const route = getRouteApi('/studio/$id');

/** Somebody else, or another window, was quicker. */
const CHANGED = 412;

function Edit({ edited }: { edited: Edited }) {
  const { video, etag } = edited;
  const { id } = route.useParams();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (body: EditVideo) => saveVideo(id, etag, body),
    onSuccess: async (saved) => {
      queries.setQueryData(editedKey(id), saved);
      await queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] !== 'studio' || queryKey[1] !== 'edit',
      });
    },
  });
  const changed = save.error instanceof ApiError && save.error.status === CHANGED;
  useTitle(t('edit.title', { title: video.title }));
  return (
    <div className="page page-narrow">
      <h1 className="page-title">{t('edit.title', { title: video.title })}</h1>
      <EditForm key={etag} video={video} busy={save.isPending} onSave={save.mutate} />
      <p role="status">{save.isSuccess && t('edit.saved')}</p>
      {save.error && (
        <div role="alert">
          <p className="account-problem">{save.error.message}</p>
          {changed && (
            <button
              type="button"
              className="button button-quiet"
              onClick={() => {
                save.reset();
                void queries.refetchQueries({ queryKey: editedKey(id) });
              }}
            >
              {t('edit.again')}
            </button>
          )}
        </div>
      )}
      <ReplaceFile id={id} />
      <p className="account-links">
        <Link to="/watch/$id" params={{ id }}>
          {t('edit.watch')}
        </Link>
        <Link to="/studio">{t('studio.title')}</Link>
      </p>
    </div>
  );
}

function Found() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(editedVideo(id));
  const hidden = data && !data.video.may.edit;
  if (hidden || (error instanceof ApiError && error.status === 404))
    return <NotFoundPage title={t('watch.gone.title')} hint={t('watch.gone.hint')} />;
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  return data ? <Edit edited={data} /> : null;
}

/** What an owner says of one film, and who sees it. */
export function EditPage() {
  return (
    <SignedIn>
      <Found />
    </SignedIn>
  );
}
