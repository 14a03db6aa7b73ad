import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Video } from '../api/types';
import { t } from '../i18n';
import { clock } from '../lib/format';
import { type Begun, browserMemory, isNearEnd } from '../player/memory';
import { Icon } from '../ui/Icon';

const MOST = 8;
const memory = browserMemory();

interface Place {
  video: Video;
  time: number;
  duration: number;
}

/** The film where it was left; undefined when one cannot go on: it is gone, or not for one's eyes. */
async function place({ id, time }: Begun, signal: AbortSignal): Promise<Place | undefined> {
  const call = api.GET('/api/videos/{id}', { params: { path: { id } }, signal });
  const video = await unwrap(call).catch(() => undefined);
  const duration = video?.duration_s;
  if (!video || duration == null || !['playable', 'live'].includes(video.state)) return undefined;
  // Another file may be behind the address by now.
  return time >= duration || isNearEnd(time, duration) ? undefined : { video, time, duration };
}

/** What was begun in this browser and not watched to its end. */
export default function Continue() {
  const [begun] = useState(() => memory.unfinished().slice(0, MOST));
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const { data = [] } = useQuery({
    queryKey: ['videos', 'begun', begun],
    enabled: begun.length > 0,
    queryFn: ({ signal }) => Promise.all(begun.map((one) => place(one, signal))),
  });
  const places = data.flatMap((one) => (one && !removed.includes(one.video.video_id) ? [one] : []));
  if (places.length === 0) return null;
  const remove = (id: string) => {
    memory.forget(id);
    setRemoved([...removed, id]);
    // The button is gone: the keyboard goes on where the page begins.
    document.getElementById('content')?.focus({ preventScroll: true });
  };
  return (
    <section className="own" aria-labelledby="continue-title">
      <h2 id="continue-title" className="own-title">
        {t('home.continue')}
      </h2>
      <ul className="own-list">
        {places.map((one) => (
          <li key={one.video.video_id} className="own-place">
            <Item {...one} />
            <Remove video={one.video} onRemove={remove} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Item({ video, time, duration }: Place) {
  const at = t('home.continue.at', { time: clock(time), duration: clock(duration) });
  return (
    <Link
      to="/watch/$id"
      params={{ id: video.video_id }}
      className="own-item own-removable"
      data-video={video.video_id}
    >
      <span className="own-picture">
        {video.poster_url ? <img src={video.poster_url} alt="" /> : <Icon name="film" />}
      </span>
      <span className="own-text">
        <span className="own-name">{video.title}</span>
        <span className="own-state">{at}</span>
        <progress className="bar" aria-label={at} max={duration} value={time} />
      </span>
    </Link>
  );
}

function Remove({ video, onRemove }: { video: Video; onRemove(id: string): void }) {
  return (
    <button
      type="button"
      className="close own-dismiss"
      aria-label={t('home.continue.remove.name', { title: video.title })}
      title={t('home.continue.remove')}
      onClick={() => onRemove(video.video_id)}
    >
      <Icon name="close" />
    </button>
  );
}
