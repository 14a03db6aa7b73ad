import type { Chapter, Rendition } from '../../api/types';
import { t } from '../../i18n';
import { clock } from '../../lib/format';
import { Icon, type IconName } from '../../ui/Icon';
import { chapterAt } from '../chapters';
import { togglePictureInPicture } from '../commands';
import type { PlayerController, PlayerState } from '../controller';
import type { Range } from '../ranges';
import { SeekBar } from './SeekBar';
import { Settings } from './Settings';
import { Volume } from './Volume';

interface Props {
  player: PlayerController;
  state: PlayerState;
  renditions: readonly Rendition[];
  ready: Range[] | undefined;
  chapters: readonly Chapter[];
  fullscreen: boolean;
  theatre: boolean;
  inPip: boolean;
  onFullscreen(): void;
  onTheatre(): void;
  onNext(): void;
  onCopy(): void;
  onStats(): void;
  onHelp(): void;
  onMenu(open: boolean): void;
}

export function ControlBar(props: Props) {
  const { player, state, chapters } = props;
  const chapter = chapterAt(chapters, state.time)?.title;
  const moving = state.status === 'playing' || state.status === 'buffering';
  return (
    <div className="controls">
      <SeekBar player={player} state={state} ready={props.ready} chapters={chapters} />
      <div className="controls-row">
        <Button
          icon={state.status === 'ended' ? 'replay' : moving ? 'pause' : 'play'}
          label={t(
            state.status === 'ended' ? 'player.replay' : moving ? 'player.pause' : 'player.play',
          )}
          hint="k"
          onClick={() => player.toggle()}
        />
        <Button icon="skip" label={t('player.next')} hint="Shift+N" wide onClick={props.onNext} />
        <Volume player={player} state={state} />
        <div className="controls-time">
          <span>{clock(state.time)}</span>
          <span className="controls-duration"> / {clock(state.duration)}</span>
        </div>
        <div className="controls-space">{chapter}</div>
        <Settings
          player={player}
          state={state}
          renditions={props.renditions}
          copyLabel={t('player.copy', { time: clock(state.time) })}
          onCopy={props.onCopy}
          onStats={props.onStats}
          onHelp={props.onHelp}
          onOpen={props.onMenu}
        />
        {document.pictureInPictureEnabled && (
          <Button
            icon="pip"
            label={t(props.inPip ? 'player.pip.leave' : 'player.pip')}
            hint="i"
            wide
            onClick={() => togglePictureInPicture(player.video)}
          />
        )}
        <Button
          icon="theatre"
          label={t('player.theatre')}
          hint="t"
          wide
          pressed={props.theatre}
          onClick={props.onTheatre}
        />
        <Button
          icon={props.fullscreen ? 'shrink' : 'fullscreen'}
          label={t(props.fullscreen ? 'player.fullscreen.leave' : 'player.fullscreen')}
          hint="f"
          onClick={props.onFullscreen}
        />
      </div>
    </div>
  );
}

interface ButtonProps {
  icon: IconName;
  label: string;
  hint: string;
  wide?: boolean;
  pressed?: boolean;
  onClick(): void;
}

function Button({ icon, label, hint, wide, pressed, onClick }: ButtonProps) {
  return (
    <button
      type="button"
      className={wide ? 'control control-wide' : 'control'}
      aria-label={label}
      aria-pressed={pressed}
      title={`${label} (${hint})`}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
