import { useQuery } from '@tanstack/react-query';
import { unfinishedUploads } from '../api/queries';
import type { Video } from '../api/types';
import { storedBytes } from '../upload/parts';

const POLL_MS = 2_000;

/** Fills in how much of a film is stored: while it is being uploaded only the upload knows. */
export function useSentBytes(enabled: boolean): (video: Video) => Video {
  const { data } = useQuery({ ...unfinishedUploads(), enabled, refetchInterval: POLL_MS });
  return (video) => {
    const upload = data?.items.find((one) => one.video_id === video.video_id);
    if (!upload) return video;
    const { size_bytes } = upload;
    return {
      ...video,
      progress: { ...video.progress, uploaded_bytes: storedBytes(upload), size_bytes },
    };
  };
}
