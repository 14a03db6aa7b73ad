import { useEffect, useState } from 'react';
import type { Rendition } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/Icon';
import type { PlayerController } from '../controller';
import { ahead, type Range, timeRanges, total } from '../ranges';

interface Props {
  player: PlayerController;
  renditions: readonly Rendition[];
  ready: Range[] | undefined;
  onClose(): void;
}

const REFRESH_MS = 500;

function facts({ player, renditions, ready }: Props): [string, string][] {
  const { video, state } = player;
  const quality = video.getVideoPlaybackQuality?.();
  const shown = renditions.find((rung) => rung.name === state.shown);
  const bandwidth = player.bandwidth();
  const buffer = ahead(timeRanges(video.buffered), video.currentTime);
  const rows: [string, string][] = [
    [t('stats.engine'), state.engine],
    [t('stats.quality'), state.shown ?? '–'],
    [
      t('stats.size'),
      `${video.videoWidth}×${video.videoHeight} / ${video.clientWidth}×${video.clientHeight}`,
    ],
    [t('stats.codecs'), shown?.codecs ?? '–'],
    [
      t('stats.frames'),
      quality ? `${quality.totalVideoFrames} / ${quality.droppedVideoFrames}` : '–',
    ],
    [t('stats.buffer'), `${buffer.toFixed(1)} s`],
    [t('stats.bandwidth'), bandwidth ? `${(bandwidth / 1e6).toFixed(1)} Mbit/s` : '–'],
  ];
  if (ready) {
    rows.push([t('stats.ready'), `${total(ready).toFixed(0)} / ${state.duration.toFixed(0)} s`]);
  }
  return rows;
}

export function Stats(props: Props) {
  const [, refresh] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => refresh((n) => n + 1), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section className="stats" aria-label={t('player.stats')}>
      <button
        type="button"
        className="close"
        aria-label={t('player.stats.close')}
        onClick={props.onClose}
      >
        <Icon name="close" />
      </button>
      <dl>
        {facts(props).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
