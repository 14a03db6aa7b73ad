import { useEffect, useState } from 'react';
import type { Video } from '../api/types';
import { Icon } from '../ui/Icon';

const FRAME_MS = 700;

/** The poster; while `active`, frames of the film one after the other. */
export function HoverPoster({ video, active }: { video: Video; active: boolean }) {
  const frames = video.hover_urls;
  const [index, setIndex] = useState<number>();
  useEffect(() => {
    if (!active || frames.length === 0) return setIndex(undefined);
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    setIndex(0);
    const timer = setInterval(() => setIndex((at = 0) => (at + 1) % frames.length), FRAME_MS);
    return () => clearInterval(timer);
  }, [active, frames.length]);
  return (
    <span className="poster">
      {video.poster_url ? (
        <img
          className="poster-image"
          src={video.poster_url}
          alt=""
          loading="lazy"
          decoding="async"
        />
      ) : (
        <Icon name="film" />
      )}
      {active &&
        frames.map((url, at) => (
          <img
            key={url}
            className="poster-image poster-frame"
            data-shown={at === index}
            src={url}
            alt=""
            decoding="async"
          />
        ))}
    </span>
  );
}
