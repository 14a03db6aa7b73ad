import { useEffect, useState } from 'react';
import { t } from '../../i18n';
import { clock } from '../../lib/format';
import { Icon } from '../../ui/Icon';
import type { PlayerController, PlayerState } from '../controller';

const SPINNER_AFTER_MS = 400;
const RESUMED_FOR_MS = 6_000;

interface Props {
  player: PlayerController;
  state: PlayerState;
  /** The server has not prepared what is to be shown. */
  preparing: boolean;
}

/** True when `value` has stayed true for a while, so that short waits do not flicker. */
function useLasting(value: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!value) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value && lasting;
}

/** What lies over the picture: the big button, waiting, errors, where playback continued. */
export function Overlay({ player, state, preparing }: Props) {
  const { status, problem } = state;
  const waiting = useLasting(status === 'buffering' || status === 'loading', SPINNER_AFTER_MS);
  if (problem) return <Problem player={player} problem={problem} />;
  return (
    <>
      {(status === 'ready' || status === 'ended') && (
        <button
          type="button"
          className="player-big"
          aria-hidden="true"
          tabIndex={-1}
          onClick={() => player.toggle()}
        >
          <Icon name={status === 'ended' ? 'replay' : 'play'} />
        </button>
      )}
      <div className="player-wait" role="status">
        {waiting && (
          <>
            <span className="spinner" aria-hidden="true" />
            <span className={preparing ? 'player-wait-text' : 'visually-hidden'}>
              {t(preparing ? 'player.preparing' : 'player.buffering')}
            </span>
          </>
        )}
      </div>
      <Resumed player={player} at={state.resumedAt} />
    </>
  );
}

function Problem({
  player,
  problem,
}: Pick<Props, 'player'> & { problem: NonNullable<PlayerState['problem']> }) {
  return (
    <div className="player-problem" role="alert">
      <Icon name="alert" />
      <p className="player-problem-title">{t('player.error.title')}</p>
      <p>{t(`player.error.${problem}`)}</p>
      <button type="button" className="button" onClick={() => player.retry()}>
        {t('player.retry')}
      </button>
    </div>
  );
}

function Resumed({ player, at }: { player: PlayerController; at: number | undefined }) {
  const [shown, setShown] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setShown(false), RESUMED_FOR_MS);
    return () => clearTimeout(timer);
  }, []);
  if (at === undefined || !shown) return null;
  return (
    <div className="player-toast" role="status">
      <span>{t('player.resumed', { time: clock(at) })}</span>
      <button type="button" className="player-toast-action" onClick={() => player.startOver()}>
        {t('player.startOver')}
      </button>
    </div>
  );
}
