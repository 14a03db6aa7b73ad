import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { watchVideo } from '../api/queries';
import type { Availability, Playback, Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/watch';
import { Chrome } from './Chrome';
import { PlayerController } from './controller';
import { browserMemory } from './memory';

interface Props {
  video: Video;
  playback: Playback;
  availability: Availability | undefined;
  /** Where it begins, asked for in the address. */
  startAt: number | undefined;
  /** Where the viewer wants to be now; a new object each time. */
  jump: { to: number } | undefined;
  /** Forces `hls`, `dash` or `native`. */
  engine: string | undefined;
  theatre: boolean;
  onTheatre(): void;
  /** The viewer wants the next or previous film; false when there is none. */
  onFilm(direction: 1 | -1): boolean;
}

const memory = browserMemory();
const calm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Plays a film, whether all of it is prepared or not. */
export function Player(props: Props) {
  const { video, playback, availability, jump, theatre, onTheatre, onFilm } = props;
  const root = useRef<HTMLElement>(null);
  const [element, setElement] = useState<HTMLVideoElement | null>(null);
  const player = useController(element, props);
  useEffect(() => {
    if (jump) player?.seek(jump.to);
  }, [jump, player]);
  return (
    <section
      ref={root}
      className="player"
      aria-label={t('player.region')}
      data-player={video.video_id}
      data-state="loading"
    >
      <video
        ref={setElement}
        className="player-video"
        playsInline
        preload="auto"
        tabIndex={-1}
        {...(playback.poster_url ? { poster: playback.poster_url } : {})}
        aria-label={video.title}
        onClick={({ nativeEvent }) => player && tapped(player, nativeEvent)}
      />
      {player && (
        <Chrome
          root={root}
          player={player}
          video={video}
          availability={availability}
          theatre={theatre}
          onTheatre={onTheatre}
          onFilm={onFilm}
        />
      )}
    </section>
  );
}

/** A click pauses; a finger first wants to see the controls, and pauses with them. */
function tapped(player: PlayerController, event: MouseEvent): void {
  const finger = 'pointerType' in event && event.pointerType === 'touch';
  if (!finger || player.state.status !== 'playing') player.toggle();
}

/** The controller for a film, and a new one when the film changes. */
function useController(element: HTMLVideoElement | null, props: Props) {
  const [player, setPlayer] = useState<PlayerController>();
  const { video, playback, startAt, engine } = props;
  const { video_id: id, revision } = video;
  // Polling brings new objects every few seconds, and other edges when one is gone, which the engine
  // sees for itself: only the film itself may start it anew.
  const latest = useRef({ video, playback, startAt });
  useEffect(() => {
    latest.current = { video, playback, startAt };
  }, [video, playback, startAt]);
  const queries = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new revision is a new film
  useEffect(() => {
    if (!element) return;
    const renew = async () => (await queries.fetchQuery(watchVideo(id))).playback?.hls_url;
    const { renditions, duration_s, complete } = latest.current.video;
    const { hls_url: hls, dash_url: dash, bases } = latest.current.playback;
    const film = {
      id,
      source: { hls, dash, bases, renew },
      renditions,
      duration: duration_s ?? 0,
      startAt: latest.current.startAt,
      incomplete: !complete,
      forcedEngine: engine,
    };
    const made = new PlayerController(element, film, memory);
    setPlayer(made);
    void made.load(!calm());
    return () => made.destroy();
  }, [element, id, revision, engine]);
  return player;
}
