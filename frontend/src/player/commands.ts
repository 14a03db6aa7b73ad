import { t } from '../i18n';
import { clock, percent } from '../lib/format';
import type { Caption } from './captions';
import type { PlayerController } from './controller';
import type { Action } from './keys';

/** What the page around the player does. */
export interface Surroundings {
  fullscreen(): void;
  theatre(): void;
  help(): void;
  /** Leaves for the next or previous film; false when there is none. */
  film(direction: 1 | -1): boolean;
}

export function togglePictureInPicture(video: HTMLVideoElement): void {
  const change =
    document.pictureInPictureElement === video
      ? document.exitPictureInPicture()
      : video.requestPictureInPicture?.();
  // Refused without a click or before the first frame: nothing to do about it.
  change?.catch(() => undefined);
}

function captionText(now: Caption | 'off' | 'none'): string {
  if (now === 'none') return t('player.announce.captions.none');
  if (now === 'off') return t('player.announce.captions.off');
  return t('player.announce.captions', { name: now.label });
}

/** Carries out a key's action and returns what to announce, if anything. */
export function perform(
  action: Action,
  player: PlayerController,
  around: Surroundings,
): string | undefined {
  const { video, state } = player;
  switch (action.kind) {
    case 'toggle':
      player.toggle();
      return undefined;
    case 'seekBy':
      player.seek(video.currentTime + action.seconds);
      return clock(player.state.time);
    case 'seekTo':
      player.seek(state.duration * action.share);
      return clock(player.state.time);
    case 'volumeBy':
      player.setVolume(video.volume + action.change);
      return t('player.announce.volume', { percent: percent(video.volume, 1) });
    case 'mute':
      player.toggleMute();
      return video.muted
        ? t('player.announce.muted')
        : t('player.announce.volume', { percent: percent(video.volume, 1) });
    case 'speed':
      player.stepRate(action.direction);
      return t('player.announce.speed', { speed: `${video.playbackRate}×` });
    case 'frame':
      player.stepFrame(action.direction);
      return undefined;
    case 'pip':
      togglePictureInPicture(video);
      return undefined;
    case 'captions':
      return captionText(player.toggleCaptions());
    case 'film':
      return around.film(action.direction) ? undefined : t('player.announce.film.none');
    case 'fullscreen':
      around.fullscreen();
      return undefined;
    case 'theatre':
      around.theatre();
      return undefined;
    case 'help':
      around.help();
      return undefined;
  }
}
