import { type RefObject, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Availability, Video } from '../api/types';
import { t } from '../i18n';
import { copyText } from '../lib/clipboard';
import { clock } from '../lib/format';
import { usable } from './chapters';
import type { PlayerController } from './controller';
import { ControlBar } from './controls/ControlBar';
import { Help } from './controls/Help';
import { Overlay } from './controls/Overlay';
import { Stats } from './controls/Stats';
import { contains, readyRanges } from './ranges';
import { useFacts, usePlayerKeys, useReadyCap } from './useChrome';
import { useFullscreen, useIdle, usePictureInPicture } from './useSurface';

interface Props {
  root: RefObject<HTMLElement | null>;
  player: PlayerController;
  video: Video;
  availability: Availability | undefined;
  theatre: boolean;
  onTheatre(): void;
  onFilm(direction: 1 | -1): boolean;
}

const SAID_FOR_MS = 2_500;

/** Everything that lies over the picture. */
export function Chrome({ root, player, video, availability, theatre, onTheatre, onFilm }: Props) {
  const state = useSyncExternalStore(player.subscribe, player.snapshot);
  const [stats, setStats] = useState(false);
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const [said, say] = useAnnouncement();
  const fullscreen = useFullscreen(root);
  const inPip = usePictureInPicture(player.video);
  const idle = useIdle(root, state.status, menu);
  const { complete, renditions } = video;
  const ready = useMemo(
    () => (complete || !availability ? undefined : readyRanges(availability)),
    [complete, availability],
  );
  const { duration } = state;
  const chapters = useMemo(() => usable(video.chapters, duration), [video.chapters, duration]);
  useFacts(root, state, idle.hidden);
  useReadyCap(player, state, video, availability);
  const around = {
    fullscreen: fullscreen.toggle,
    theatre: onTheatre,
    help: () => setHelp(true),
    film: onFilm,
  };
  usePlayerKeys(player, around, (text) => {
    idle.wake();
    if (text) say(text);
  });

  const copy = async () => {
    const address = new URL(video.watch_url, window.location.href);
    address.searchParams.set('t', String(Math.floor(state.time)));
    if (await copyText(address.href)) say(t('player.copied', { time: clock(state.time) }));
  };

  return (
    <>
      <Overlay
        player={player}
        state={state}
        preparing={ready !== undefined && !contains(ready, state.time)}
      />
      <div className="player-said" aria-live="polite">
        {said && <span>{said}</span>}
      </div>
      {stats && (
        <Stats
          player={player}
          renditions={renditions}
          ready={ready}
          onClose={() => setStats(false)}
        />
      )}
      <ControlBar
        player={player}
        state={state}
        renditions={renditions}
        ready={ready}
        chapters={chapters}
        fullscreen={fullscreen.active}
        theatre={theatre}
        inPip={inPip}
        onFullscreen={fullscreen.toggle}
        onTheatre={onTheatre}
        onNext={() => void onFilm(1)}
        onCopy={copy}
        onStats={() => setStats(!stats)}
        onHelp={() => setHelp(true)}
        onMenu={setMenu}
      />
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

/** A short line over the picture that is also read aloud, gone after a moment. */
function useAnnouncement(): [string, (text: string) => void] {
  const [said, setSaid] = useState({ text: '', count: 0 });
  useEffect(() => {
    if (said.text === '') return;
    const timer = setTimeout(() => setSaid({ text: '', count: 0 }), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const say = (text: string) => setSaid((before) => ({ text, count: before.count + 1 }));
  return [said.text, say];
}
