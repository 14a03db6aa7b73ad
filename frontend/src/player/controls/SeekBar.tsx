import { type PointerEvent, useState } from 'react';
import type { Chapter } from '../../api/types';
import { t } from '../../i18n';
import { clock } from '../../lib/format';
import { chapterAt } from '../chapters';
import type { PlayerController, PlayerState } from '../controller';
import type { Range } from '../ranges';

interface Props {
  player: PlayerController;
  state: PlayerState;
  /** What plays without waiting; undefined when everything does. */
  ready: Range[] | undefined;
  chapters: readonly Chapter[];
}

const WIDTH = 1000;

function Bars({ ranges, duration, kind }: { ranges: Range[]; duration: number; kind: string }) {
  return ranges.map(([from, to]) => (
    <rect
      key={from}
      className={`seek-${kind}`}
      x={(from / duration) * WIDTH}
      width={(Math.max(0, Math.min(to, duration) - from) / duration) * WIDTH}
      height="1"
    />
  ));
}

/** Time, what is loaded, and what the server has prepared, on one line that can be dragged. */
export function SeekBar({ player, state, ready, chapters }: Props) {
  const [hover, setHover] = useState<number>();
  const { duration, time, buffered } = state;
  const known = duration > 0 ? duration : 1;
  const chapter = chapterAt(chapters, time)?.title;
  const hovered = hover === undefined ? undefined : chapterAt(chapters, hover * duration)?.title;
  const where = t('player.seek.value', { time: clock(time), duration: clock(duration) });
  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setHover(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  return (
    <div
      className="seek"
      data-ready={ready ? 'partly' : 'all'}
      onPointerMove={follow}
      onPointerLeave={() => setHover(undefined)}
    >
      <svg
        className="seek-track"
        viewBox={`0 0 ${WIDTH} 1`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect className="seek-rail" width={WIDTH} height="1" />
        <Bars ranges={ready ?? [[0, known]]} duration={known} kind="ready" />
        <Bars ranges={buffered} duration={known} kind="buffered" />
        <rect className="seek-played" width={(time / known) * WIDTH} height="1" />
        {chapters.slice(1).map(({ start_s }) => (
          <rect
            key={start_s}
            className="seek-chapter"
            x={(start_s / known) * WIDTH - 1}
            width="2"
            height="1"
          />
        ))}
      </svg>
      <input
        type="range"
        className="seek-input"
        aria-label={t('player.seek')}
        aria-valuetext={chapter ? `${where}, ${chapter}` : where}
        min={0}
        max={known}
        step={0.1}
        value={Math.min(time, known)}
        onChange={(event) => player.seek(event.currentTarget.valueAsNumber)}
      />
      {hover !== undefined && duration > 0 && (
        <output className="seek-time" style={{ left: `${hover * 100}%` }} aria-hidden="true">
          {hovered && <span className="seek-name">{hovered}</span>}
          {clock(hover * duration)}
        </output>
      )}
    </div>
  );
}
