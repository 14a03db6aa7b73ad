import { t } from '../../i18n';
import { percent } from '../../lib/format';
import { Icon } from '../../ui/Icon';
import type { PlayerController, PlayerState } from '../controller';

export function Volume({ player, state }: { player: PlayerController; state: PlayerState }) {
  const silent = state.muted || state.volume === 0;
  const shown = silent ? 0 : state.volume;
  return (
    <div className="volume">
      <button
        type="button"
        className="control"
        aria-label={silent ? t('player.unmute') : t('player.mute')}
        title={`${silent ? t('player.unmute') : t('player.mute')} (m)`}
        onClick={() => player.toggleMute()}
      >
        <Icon name={silent ? 'muted' : 'volume'} />
      </button>
      <input
        type="range"
        className="volume-input"
        data-keys="own"
        aria-label={t('player.volume')}
        aria-valuetext={t('player.volume.value', { percent: percent(shown, 1) })}
        min={0}
        max={1}
        step={0.05}
        value={shown}
        onChange={(event) => player.setVolume(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
