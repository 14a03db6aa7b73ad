import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Video } from '../api/types';
import { age, clock, isoDuration } from '../lib/format';
import { HoverPoster } from './HoverPoster';
import { stateText } from './progress';

/** A piece of text, found or not. */
export interface Marked {
  text: string;
  hit: boolean;
}

interface Props {
  video: Video;
  now: Date;
  title?: Marked[] | undefined;
  excerpt?: Marked[] | undefined;
  /** Below a heading of the page's own. */
  heading?: 'h2' | 'h3';
}

export function VideoCard({ video, now, title, excerpt, heading: Heading = 'h2' }: Props) {
  const [active, setActive] = useState(false);
  const shown = new Date(video.published_at ?? video.created_at);
  return (
    <article className="card" data-video={video.video_id}>
      <Link
        to="/watch/$id"
        params={{ id: video.video_id }}
        className="card-link"
        onPointerEnter={() => setActive(true)}
        onPointerLeave={() => setActive(false)}
        onFocus={() => setActive(true)}
        onBlur={() => setActive(false)}
      >
        <span className="card-picture">
          <HoverPoster video={video} active={active} />
          {video.duration_s != null && (
            <time className="card-duration" dateTime={isoDuration(video.duration_s)}>
              {clock(video.duration_s)}
            </time>
          )}
        </span>
        <Heading className="card-title">{title ? <Marks pieces={title} /> : video.title}</Heading>
      </Link>
      <p className="card-facts">
        <time dateTime={shown.toISOString()}>{age(shown, now)}</time>
        {!video.complete && <span> · {stateText(video)}</span>}
      </p>
      {excerpt && (
        <p className="card-excerpt">
          <Marks pieces={excerpt} />
        </p>
      )}
    </article>
  );
}

function Marks({ pieces }: { pieces: Marked[] }) {
  let at = 0;
  return pieces.map(({ text, hit }) => {
    const key = at;
    at += text.length;
    return hit ? <mark key={key}>{text}</mark> : <span key={key}>{text}</span>;
  });
}
